import { createClient } from '#client';
import type { Assignments, Body } from '#contract';
import { asFixityError, FixityError } from '#kernel';
import { DistributionClient } from '#oci';
import { verifierKey } from '#signing';
import { Pace, pause } from '../pace.ts';
import type { NodeAgentOptions } from '../ports.ts';
import type { Credentials } from './credentials.ts';

/** How long the server holds a question for assignments, in seconds. */
const longPoll = 25;
const patienceMs = 10_000;

/** The connection to the server: calls out with the node's token, and enrols again when that is refused. */
export class ServerLink {
  readonly #options: NodeAgentOptions;
  readonly #credentials: Credentials;
  #enrolling: Promise<void> | undefined;

  constructor(options: NodeAgentOptions, credentials: Credentials) {
    this.#options = options;
    this.#credentials = credentials;
  }

  /**
   * Enrols unless there is a node token already; tries again while the server cannot be reached or the enrolment token
   * has not come yet.
   * @throws FixityError `forbidden` when the name is another node's; `unauthenticated` without a good enrolment token.
   */
  async enter(signal: AbortSignal): Promise<void> {
    const pace = new Pace(50, 2_000, this.#options.random);
    while (this.#credentials.token === undefined && !signal.aborted) {
      try {
        await this.#enrol();
      } catch (error) {
        const refusal = asFixityError(error);
        const comes = refusal.code === 'unauthenticated' && this.#options.enrolmentComes;
        if (!refusal.retryable && !comes) throw refusal;
        this.#options.logger.info('waiting to be enrolled', { why: refusal.message });
        await pause(this.#options.scheduler, pace.next(), signal);
      }
    }
  }

  /** Waits for assignments beyond `after`, or a question about output; answers at once without `after`. */
  assignments(after: number | undefined, signal: AbortSignal): Promise<Assignments> {
    const query = after === undefined ? { wait: 0 } : { after, wait: longPoll };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(longPoll * 1_000 + patienceMs)]);
    const parameters = { node: this.#options.node };
    return this.#withToken((client) => client.call('assignments', { parameters, query }, { signal: limit }));
  }

  async observe(envelope: Body<'observe'>): Promise<void> {
    const parameters = { node: this.#options.node };
    const signal = AbortSignal.timeout(patienceMs);
    await this.#withToken((client) => client.call('observe', { parameters, body: envelope }, { signal }));
  }

  async deliverLogs(body: Body<'deliverLogs'>): Promise<void> {
    const parameters = { node: this.#options.node };
    const signal = AbortSignal.timeout(patienceMs);
    await this.#withToken((client) => client.call('deliverLogs', { parameters, body }, { signal }));
  }

  /** Where things are pulled from. */
  registry(): DistributionClient {
    const { token } = this.#credentials;
    return new DistributionClient({ endpoint: this.#options.server, ...(token === undefined ? {} : { token }) });
  }

  async #withToken<T>(call: (client: ReturnType<typeof createClient>) => Promise<T>): Promise<T> {
    const { server } = this.#options;
    const { token } = this.#credentials;
    try {
      return await call(createClient({ server, token }));
    } catch (error) {
      if (!(error instanceof FixityError) || error.code !== 'unauthenticated') throw error;
      if (this.#credentials.token === token) await this.#enrolAgain(error);
      return await call(createClient({ server, token: this.#credentials.token }));
    }
  }

  async #enrolAgain(refusal: FixityError): Promise<void> {
    this.#options.logger.warn('the node token was refused', { why: refusal.message });
    this.#enrolling ??= this.#enrol().finally(() => {
      this.#enrolling = undefined;
    });
    await this.#enrolling;
  }

  async #enrol(): Promise<void> {
    const { node, server, platform, enrolment, logger } = this.#options;
    const token = enrolment();
    if (token === undefined) {
      throw new FixityError('unauthenticated', `node ${node} is not enrolled and has no enrolment token`, {
        next: ['fixity nodes --enrol   (on the server, then start with --enrol TOKEN)'],
      });
    }
    const key = verifierKey(this.#credentials.key);
    const body = { token, node, key, platform, runtimes: ['process' as const] };
    const signal = AbortSignal.timeout(patienceMs);
    const answer = await createClient({ server }).call('enrol', { body }, { signal });
    this.#credentials.keepToken(answer.token);
    logger.info('enrolled', { node, server });
  }
}
