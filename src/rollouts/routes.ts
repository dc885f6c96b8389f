import type { z } from 'zod';
import type { Answer, RevisionDocument, RolloutStatus, rollbackRequest, rolloutRequest } from '#contract';
import {
  type Revision,
  readRevisionDocument,
  requireEnvironment,
  revisionAt,
  revisionByNumber,
  serviceOf,
  withShipments,
} from '#environments';
import { type Actor, demand } from '#identity';
import { FixityError, parseInstant, shortId } from '#kernel';
import { asOfTime, foldedSize } from '#views';
import type { CommandMeta } from '#writer';
import { abortCommand, checkedPlan, noRollout, planCommand } from './commands.ts';
import { describePlan, describeStatus } from './describe.ts';
import { isOver } from './machine.ts';
import { overlayStore } from './overlay-store.ts';
import type { RolloutPorts } from './ports.ts';
import { type Prepared, prepareRollout, readBase } from './prepare.ts';
import { type Rollout, rolloutById, rolloutsOf } from './view.ts';

type Repeat = Omit<CommandMeta, 'actor'>;

/** What the API's rollout routes do. Each refuses with `forbidden` who may not. */
export class RolloutRoutes {
  readonly #ports: Pick<RolloutPorts, 'writer' | 'views' | 'store' | 'commits' | 'clock' | 'random'>;

  constructor(ports: Pick<RolloutPorts, 'writer' | 'views' | 'store' | 'commits' | 'clock' | 'random'>) {
    this.#ports = ports;
  }

  /**
   * Plans a rollout and records the plan; the controller walks it. A dry run only answers with the plan.
   * @throws FixityError `not-found` (release, service), `nothing-to-do`, `rollout-in-progress`, `version-conflict`,
   * `no-node`, `platform-mismatch`, `unsupported`, `too-large`.
   */
  async rollOut(
    { environment, services, remove, reason, dryRun }: z.output<typeof rolloutRequest>,
    actor: Actor,
    repeat: Repeat = {},
  ): Promise<Answer<'rollOut'>> {
    demand(actor, dryRun ? 'read' : 'ship');
    const base = await readBase(this.#ports, environment);
    const missing = remove.find((service) => serviceOf(base?.document, service) === undefined);
    if (missing !== undefined) {
      throw new FixityError('not-found', `${environment} has no service ${missing}`, {
        next: [`fixity live ${environment}`],
      });
    }
    const target = withShipments(environment, base?.document, services, remove);
    return await this.#plan({ environment, kind: 'rollout', base, target, reason, dryRun }, actor, repeat);
  }

  /**
   * Plans the passage to the state of an earlier revision, of the whole environment or of one service, from things in
   * the store alone. @throws FixityError as {@link rollOut}, and `not-found` when there was no such revision.
   */
  async rollBack(
    { environment, service, to, reason, dryRun }: z.output<typeof rollbackRequest>,
    actor: Actor,
    repeat: Repeat = {},
  ): Promise<Answer<'rollBack'>> {
    demand(actor, dryRun ? 'read' : 'ship');
    const { views, store } = this.#ports;
    requireEnvironment(views, environment);
    const base = await readBase(this.#ports, environment);
    const earlier = await readRevisionDocument(store, this.#earlier(environment, to).digest);
    const target = service === undefined ? earlier : withServiceOf(base?.document, earlier, service);
    return await this.#plan({ environment, kind: 'rollback', base, target, reason, dryRun }, actor, repeat);
  }

  rollouts({ environment, limit }: { environment: string; limit: number }, actor: Actor): Answer<'rollouts'> {
    demand(actor, 'read');
    const { views } = this.#ports;
    return { rollouts: rolloutsOf(views, environment, limit).map((rollout) => describeStatus(views, rollout)) };
  }

  /** How a rollout is going. With `after`, waits up to `wait` seconds for an entry beyond that index. */
  async rollout(
    { rollout, after, wait = 0, signal }: { rollout: string; after?: number; wait?: number; signal?: AbortSignal },
    actor: Actor,
  ): Promise<RolloutStatus> {
    demand(actor, 'read');
    const { views, commits, clock } = this.#ports;
    const until = clock.now() + wait * 1_000;
    for (;;) {
      const size = foldedSize(views);
      const found = this.#known(rollout);
      const left = until - clock.now();
      const news = after === undefined || found.lastIndex > after || isOver(found.state);
      if (news || left <= 0 || signal?.aborted === true) return describeStatus(views, found);
      await commits.waitForCommit(size, left, signal);
    }
  }

  /** Puts a rollout back. @throws FixityError `not-found`, `nothing-to-do` when it is over or goes back already. */
  async abortRollout(
    { rollout, reason }: { rollout: string; reason: string },
    actor: Actor,
    repeat: Repeat = {},
  ): Promise<Answer<'abortRollout'>> {
    demand(actor, 'ship');
    await this.#ports.writer.submit(abortCommand, { rollout, reason }, { ...repeat, actor: actor.id });
    return { done: true };
  }

  async #plan(
    {
      reason,
      dryRun,
      ...request
    }: Pick<Prepared, 'environment' | 'kind' | 'base'> & {
      target: RevisionDocument;
      reason: string | undefined;
      dryRun: boolean;
    },
    actor: Actor,
    repeat: Repeat,
  ): Promise<Answer<'rollOut'>> {
    const { views, store, writer, random } = this.#ports;
    const prepared = await prepareRollout({ views, store: dryRun ? overlayStore(store) : store }, request);
    if (dryRun) {
      const plan = checkedPlan(views, prepared, () => shortId(8, random));
      return { plan: describePlan(views, prepared, plan) };
    }
    const { frozen, base, releases, ...rest } = prepared;
    const input = {
      ...rest,
      releases,
      target: frozen.digest,
      ...(base === undefined ? {} : { base }),
      ...(reason === undefined ? {} : { reason }),
    };
    const { answer, indexes } = await writer.submit(planCommand, input, { ...repeat, actor: actor.id });
    const recorded = this.#known(answer.rollout);
    const plan = describePlan(views, prepared, { services: recorded.services, steps: recorded.forward });
    return { plan, rollout: answer.rollout, index: indexes[0] ?? recorded.plannedIndex };
  }

  #known(rollout: string): Rollout {
    const found = rolloutById(this.#ports.views, rollout);
    if (found === undefined) throw noRollout(rollout);
    return found;
  }

  #earlier(environment: string, to: z.output<typeof rollbackRequest>['to']): Revision {
    const { views } = this.#ports;
    const found =
      'revision' in to
        ? revisionByNumber(views, environment, to.revision)
        : revisionAt(views, environment, asOfTime(views, parseInstant(to.time) ?? to.time));
    if (found !== undefined) return found;
    const what = 'revision' in to ? `#${to.revision}` : `at ${to.time}`;
    throw new FixityError('not-found', `${environment} had no revision ${what}`, {
      next: [`fixity log environment/${environment}`],
    });
  }
}

/** The present revision with one service as it was. @throws FixityError `not-found` when it is in neither. */
function withServiceOf(
  base: RevisionDocument | undefined,
  earlier: RevisionDocument,
  service: string,
): RevisionDocument {
  const was = serviceOf(earlier, service);
  if (was === undefined && serviceOf(base, service) === undefined) {
    throw new FixityError('not-found', `${service} is in neither revision of ${earlier.environment}`, {
      next: [`fixity live ${earlier.environment}`],
    });
  }
  const others = (base?.services ?? []).filter((one) => one.service !== service);
  return { ...(base ?? earlier), services: was === undefined ? others : [...others, was] };
}
