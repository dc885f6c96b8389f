import { freezeRevision, frozenRevision, readRevisionDocument, revisionByNumber } from '#environments';
import { asFixityError, type Instant, toInstant } from '#kernel';
import { foldedSize } from '#views';
import { advanceCommand, giveUpCommand } from './commands.ts';
import { mixtureDocument, truthOf, truthText } from './mixture.ts';
import type { RolloutPorts } from './ports.ts';
import { activeRollouts, type Rollout, rolloutById } from './view.ts';

const actor = 'system:rollouts';
/** How often deadlines are looked at when nothing is recorded, in milliseconds. */
const pace = 1_000;

/**
 * Walks every rollout under way. It keeps nothing: what to do next is read from the views each time, so it may be
 * killed at any instruction and started again.
 */
export class RolloutController {
  readonly #ports: Omit<RolloutPorts, 'random'>;
  readonly #notBefore: Instant;

  constructor(ports: Omit<RolloutPorts, 'random'>) {
    this.#ports = ports;
    this.#notBefore = toInstant(ports.clock.now());
  }

  /** Goes on after every commit, and in between for the deadlines, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { views, commits, logger } = this.#ports;
    while (!signal.aborted) {
      const size = foldedSize(views);
      try {
        await this.tick();
      } catch (error) {
        logger.error('a rollout could not go on', { error: asFixityError(error) });
        await commits.waitForCommit(Number.MAX_SAFE_INTEGER, pace, signal);
      }
      await commits.waitForCommit(size, pace, signal);
    }
  }

  /** Lets every rollout under way go on as far as it can now. @throws FixityError what the writer or store gives. */
  async tick(): Promise<void> {
    for (const rollout of activeRollouts(this.#ports.views)) await this.#drive(rollout);
  }

  async #drive(rollout: string): Promise<void> {
    const { views, writer, faults } = this.#ports;
    for (;;) {
      const now = rolloutById(views, rollout);
      if (now === undefined) return;
      const frozen = await this.#targetOf(now);
      const notBefore = this.#notBefore;
      await faults?.at('before-advance');
      const input = { rollout, notBefore, ...(frozen === undefined ? {} : { frozen }) };
      const { answer, indexes } = await writer.submit(advanceCommand, input, { actor });
      await faults?.at('after-advance');
      if (answer.stuck !== null) await this.#giveUp(now);
      if (indexes.length === 0) return;
    }
  }

  /** The frozen target, when the next step could be the last. */
  async #targetOf({ state, step, forward, target }: Rollout) {
    if (state !== 'running' || step < forward.length - 2) return undefined;
    return await frozenRevision(this.#ports.store, target);
  }

  async #giveUp(rollout: Rollout): Promise<void> {
    const { views, store, writer } = this.#ports;
    const base = rollout.base === undefined ? undefined : revisionByNumber(views, rollout.environment, rollout.base);
    const truth = truthOf(views, rollout);
    const document = mixtureDocument(
      base === undefined ? undefined : await readRevisionDocument(store, base.digest),
      await readRevisionDocument(store, rollout.target),
      rollout,
      truth,
    );
    const frozen = await freezeRevision(store, document);
    const input = { rollout: rollout.rollout, notBefore: this.#notBefore, frozen, truth: truthText(truth) };
    await writer.submit(giveUpCommand, input, { actor });
  }
}
