import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Assignments, LogRequest } from '#contract';
import { asFixityError } from '#kernel';
import { Crew } from './hands/crew.ts';
import { reportOf } from './hands/tracked.ts';
import { Pace, pause } from './pace.ts';
import type { NodeAgentOptions } from './ports.ts';
import { answerLogs } from './report/log-answer.ts';
import { Reporter, type Sight } from './report/reporter.ts';
import { AssignmentFile } from './server/assignment-file.ts';
import { Credentials } from './server/credentials.ts';
import { ServerLink } from './server/link.ts';
import { ThingCache } from './things/cache.ts';
import { Router } from './traffic/router.ts';

export interface NodeAgent {
  /** Stops the agent; instances and proxy go on. */
  stop(): Promise<void>;
}

/**
 * Starts the hands of a node: finds its instances again, enrols, and then follows its assignments. Resolves when it is
 * enrolled; with assignments from an earlier life it works before that, and without the server.
 * @throws FixityError what enrolling throws; `invalid-input` and `storage-failed` for its folder.
 */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  mkdirSync(options.data, { recursive: true, mode: 0o755 });
  const agent = new Agent(options);
  try {
    await agent.begin();
  } catch (error) {
    await agent.stop();
    throw error;
  }
  return agent;
}

const instancePattern = /^[a-z0-9]{2,32}$/;

class Agent implements NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #link: ServerLink;
  readonly #file: AssignmentFile;
  readonly #crew: Crew;
  readonly #router: Router;
  readonly #reporter: Reporter;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown>[] = [];
  #version: number | undefined;

  constructor(options: NodeAgentOptions) {
    const credentials = new Credentials(options.data, options.node, options.random);
    this.#options = options;
    this.#link = new ServerLink(options, credentials);
    this.#file = new AssignmentFile(options.data);
    const cache = new ThingCache(join(options.data, 'things'), () => this.#link.registry(), options.clock);
    this.#crew = new Crew(options, cache, () => this.#changed());
    this.#router = new Router(
      options,
      () => this.#crew.tracked.map(({ instance, life, running }) => endpointOf(instance, life.state, running)),
      () => this.#reporter.changed(),
    );
    this.#reporter = new Reporter(options, this.#link, credentials.key, () => this.#look());
  }

  async begin(): Promise<void> {
    await this.#crew.adopt();
    const kept = this.#file.read(this.#options.logger);
    if (kept !== undefined) await this.#apply(kept, false);
    await this.#link.enter(this.#stopping.signal);
    this.#loops = [this.#follow(), this.#reporter.run(this.#stopping.signal)];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#crew.close();
    this.#router.close();
    await Promise.all(this.#loops);
  }

  /** Waits for assignments for as long as it lives. */
  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { logger, scheduler, random } = this.#options;
    const pace = new Pace(50, 2_000, random);
    while (!signal.aborted) {
      try {
        const assigned = await this.#link.assignments(this.#version, signal);
        pace.reset();
        for (const asked of assigned.logs) void this.#answer(asked);
        if (assigned.version === this.#version) continue;
        this.#options.faults.at('assignments-received');
        this.#file.write(assigned);
        await this.#apply(assigned, true);
        this.#version = assigned.version;
      } catch (error) {
        if (signal.aborted) return;
        logger.debug('no assignments', { why: asFixityError(error).message });
        await pause(scheduler, pace.next(), signal);
      }
    }
  }

  /** Traffic first: what is to be stopped must be without a route before it is. */
  async #apply(assigned: Assignments, current: boolean): Promise<void> {
    this.#router.assign(assigned);
    await this.#router.sync();
    this.#crew.assign(assigned, current);
    this.#changed();
  }

  #changed(): void {
    this.#reporter.changed();
    void this.#router.sync();
  }

  async #look(): Promise<Sight> {
    await this.#router.sync();
    const { routed, inFlight } = this.#router.routing;
    const told = this.#crew.tracked.filter(
      ({ instance, assigned, running }) =>
        instancePattern.test(instance) && (assigned !== undefined || running !== undefined),
    );
    const instances = told.map((one) => ({
      ...reportOf(one),
      ...(inFlight === undefined ? {} : { inFlight: inFlight[one.instance] ?? 0 }),
    }));
    return { instances, routed };
  }

  async #answer(asked: LogRequest): Promise<void> {
    try {
      await this.#link.deliverLogs(await answerLogs(this.#options.runtime, asked));
    } catch (error) {
      this.#options.logger.warn('output could not be delivered', { instance: asked.instance, error });
    }
  }
}

function endpointOf(
  instance: string,
  state: ReturnType<typeof reportOf>['state'],
  running: { readonly endpoints: readonly { readonly address: string; readonly port: number }[] } | undefined,
) {
  return { instance, state, endpoint: running?.endpoints[0] };
}
