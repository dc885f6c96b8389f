import type { AssignedInstance, Assignments } from '#contract';
import { asFixityError, type Digest, fromInstant, type Instant, toInstant } from '#kernel';
import type { NodeAgentOptions } from '../ports.ts';
import type { ThingCache } from '../things/cache.ts';
import { instancePlan, localRelease } from '../things/releases.ts';
import { checkHealth, type Health, healthEndpoint } from './health.ts';
import { afterCheck, afterDeadline, afterExit, afterRestart, inState, newLife } from './life.ts';
import { LifeMemory } from './memory.ts';
import { type Action, plan } from './plan.ts';
import type { Observed } from './runtime.ts';
import type { StopSpecification } from './specification.ts';
import { knownOf, type Tracked } from './tracked.ts';
import { Turnstile } from './turnstile.ts';

const startsAtOnce = 4;
const firstCheckMs = 40;
/** A process that answers well is looked at itself only every so many checks. */
const looksEvery = 10;
const longestRetryMs = 30_000;
const politeStop: StopSpecification = { signal: 'SIGTERM', graceMs: 10_000 };

/** The instances of this node: starts and stops them as assigned, checks their health, and starts again what crashes. */
export class Crew {
  readonly #options: NodeAgentOptions;
  readonly #cache: ThingCache;
  readonly #memory: LifeMemory;
  readonly #changed: () => void;
  readonly #tracked = new Map<string, Tracked>();
  readonly #starts = new Turnstile(startsAtOnce);
  #wanted: readonly AssignedInstance[] = [];
  #current = false;
  #closed = false;

  /** @param changed Called whenever something to be reported or routed differently has changed. */
  constructor(options: NodeAgentOptions, cache: ThingCache, changed: () => void) {
    this.#options = options;
    this.#cache = cache;
    this.#memory = new LifeMemory(options.data);
    this.#changed = changed;
  }

  get tracked(): readonly Tracked[] {
    return [...this.#tracked.values()];
  }

  /** Finds again what runs, and what was known of what does not run any more. Once, before anything else. */
  async adopt(): Promise<void> {
    const lives = this.#memory.read(this.#options.logger);
    for (const running of await this.#options.runtime.list()) {
      const known = lives.get(running.id);
      const fits = known !== undefined && !['exited', 'stopped'].includes(known.state);
      const life = fits ? known : { ...(known ?? newLife(this.#now())), state: 'starting' as const };
      const one = this.#track(running.id, { ...life });
      one.running = running;
      this.#checkLater(one, firstCheckMs);
    }
    for (const [instance, life] of lives) {
      if (this.#tracked.has(instance)) continue;
      const one = this.#track(instance, life);
      if (['healthy', 'unhealthy', 'starting'].includes(life.state)) {
        const seen = await this.#options.runtime.observe(instance);
        if (seen.state === 'exited') await this.#ended(one, seen);
        else one.life = { ...life, state: 'starting' };
      }
    }
  }

  /** Takes assignments; `current` when they were just heard from the server. */
  assign({ instances }: Assignments, current: boolean): void {
    this.#wanted = instances;
    this.#current ||= current;
    const wanted = new Map(instances.map((one) => [one.instance, one]));
    for (const one of this.#tracked.values()) one.assigned = wanted.get(one.instance);
    this.#reconcile();
  }

  /** Stops looking; instances go on. */
  close(): void {
    this.#closed = true;
    for (const one of this.#tracked.values()) one.cancel?.();
  }

  #reconcile(): void {
    if (this.#closed) return;
    for (const action of plan(this.#wanted, this.tracked.map(knownOf), this.#current)) this.#act(action);
    this.#remember();
  }

  #act({ kind, instance }: Action): void {
    const known = this.#tracked.get(instance);
    const one = known ?? this.#track(instance, newLife(this.#now()));
    one.assigned ??= this.#wanted.find((wanted) => wanted.instance === instance);
    one.cancel?.();
    one.waiting = false;
    if (kind === 'settle') {
      one.life = inState(one.life, 'stopped', this.#now(), one.life.detail);
      this.#changed();
      return;
    }
    const acts = { start: () => this.#start(one), stop: () => this.#stop(one), forget: () => this.#forget(one) };
    one.busy = true;
    void acts[kind]()
      .then(() => this.#free(one))
      .catch((error: unknown) => {
        this.#options.logger.error(`${kind} of an instance failed`, { instance, error });
        if (!this.#closed) one.cancel = this.#options.scheduler.after(longestRetryMs, () => this.#free(one));
      });
  }

  /** An act is over: others may follow. */
  #free(one: Tracked): void {
    one.busy = false;
    this.#changed();
    this.#reconcile();
  }

  async #start(one: Tracked): Promise<void> {
    const { runtime, faults, logger } = this.#options;
    const { assigned } = one;
    if (assigned === undefined) return;
    if (one.life.state === 'exited') one.life = afterRestart(one.life, this.#now());
    this.#changed();
    await this.#starts.pass(async () => {
      try {
        one.release = await localRelease(this.#cache, assigned);
        if (this.#closed) return;
        faults.at('before-start');
        one.running = await runtime.start(instancePlan(assigned, one.release, this.#cache));
        faults.at('after-start');
        logger.info('started an instance', { instance: one.instance, service: assigned.service, pid: one.running.pid });
        this.#checkLater(one, firstCheckMs);
      } catch (error) {
        const { message, retryable, facts } = asFixityError(error);
        logger.error('an instance could not be started', { instance: one.instance, error });
        const detail = [message, ...facts.slice(0, 1)].join(': ');
        if (!retryable) one.life = inState(one.life, 'failed', this.#now(), detail);
        else this.#retryStart(one, detail);
      }
    });
  }

  /** What hinders it may pass: the server is away, the disk is full. */
  #retryStart(one: Tracked, detail: string): void {
    const quick = Math.min(one.life.quick + 1, 10);
    const pause = Math.min(500 * 2 ** one.life.quick, longestRetryMs);
    one.life = { ...inState(one.life, one.life.state, this.#now(), detail), quick };
    this.#later(one, pause);
  }

  async #stop(one: Tracked): Promise<void> {
    const { runtime, faults, logger } = this.#options;
    faults.at('before-stop');
    const how = one.release?.run.stop ?? (await this.#stopOf(one));
    const stopped = await runtime.stop(one.instance, how);
    faults.at('after-stop');
    one.running = undefined;
    const detail = stopped.killed ? `killed after ${how.graceMs / 1_000} s of grace` : undefined;
    if (one.life.state !== 'failed') one.life = inState(one.life, 'stopped', this.#now(), detail);
    logger.info('stopped an instance', { instance: one.instance, killed: stopped.killed });
  }

  /** How an instance that was found running wants to be stopped, as far as that can be found out. */
  async #stopOf(one: Tracked): Promise<StopSpecification> {
    if (one.assigned === undefined) return politeStop;
    const release = await localRelease(this.#cache, one.assigned).catch(() => undefined);
    return release?.run.stop ?? politeStop;
  }

  async #forget(one: Tracked): Promise<void> {
    await this.#options.runtime.remove(one.instance);
    this.#tracked.delete(one.instance);
    const needed = new Set<Digest>(this.tracked.flatMap(({ release }) => release?.things ?? []));
    await this.#cache.prune(needed);
  }

  #checkLater(one: Tracked, milliseconds: number): void {
    if (this.#closed) return;
    one.cancel?.();
    one.cancel = this.#options.scheduler.after(milliseconds, () => {
      void this.#check(one).catch((error: unknown) => {
        this.#options.logger.error('an instance could not be looked at', { instance: one.instance, error });
        this.#checkLater(one, longestRetryMs);
      });
    });
  }

  async #check(one: Tracked): Promise<void> {
    const { running } = one;
    if (running === undefined || one.busy || this.#closed) return;
    if (one.assigned !== undefined)
      one.release ??= await localRelease(this.#cache, one.assigned).catch(() => undefined);
    const specification = one.release?.run.health;
    const endpoint = specification && healthEndpoint(running.endpoints, specification);
    const health: Health =
      specification === undefined
        ? { healthy: one.life.state === 'healthy', detail: 'how to check it is not known yet' }
        : await checkHealth(endpoint, specification);
    if (!health.healthy || specification?.kind === 'none' || one.checks % looksEvery === 0) {
      const seen = await this.#options.runtime.observe(one.instance);
      if (one.running !== running || one.busy) return;
      if (seen.state !== 'running') return await this.#ended(one, seen);
      one.executable = seen.executable;
    }
    if (one.running !== running || one.busy) return;
    one.checks += 1;
    this.#judge(one, health, specification);
    this.#checkLater(one, specification?.intervalMs ?? 1_000);
  }

  #judge(one: Tracked, health: Health, rule: { successes: number; deadlineMs: number } | undefined): void {
    if (rule === undefined) return;
    const before = one.life;
    one.life = afterCheck(before, health, rule.successes, this.#now());
    const age = this.#options.clock.now() - fromInstant(one.running?.startedAt ?? this.#now());
    if (one.life.state === 'starting' && age > rule.deadlineMs) {
      one.life = afterDeadline(one.life, rule.deadlineMs, this.#now());
    }
    if (one.life.state === before.state) return;
    this.#options.logger.info(`an instance is ${one.life.state}`, { instance: one.instance, detail: one.life.detail });
    this.#changed();
    this.#reconcile();
  }

  async #ended(one: Tracked, seen: Exclude<Observed, { state: 'running' }>): Promise<void> {
    const startedAt = one.running?.startedAt;
    const end = seen.state === 'exited' ? fromInstant(seen.endedAt ?? this.#now()) : this.#options.clock.now();
    const ranMs = startedAt === undefined ? undefined : Math.max(0, end - fromInstant(startedAt));
    const lastLine = await this.#lastLine(one.instance);
    const exit = seen.state === 'exited' ? seen.exit : {};
    const { life, againInMs } = afterExit(one.life, { exit, ranMs, lastLine }, this.#now());
    one.life = life;
    one.running = undefined;
    one.executable = undefined;
    this.#options.logger.warn('an instance ended by itself', { instance: one.instance, detail: life.detail });
    if (againInMs !== undefined) this.#later(one, againInMs);
    this.#changed();
    this.#reconcile();
  }

  /** Reconciles again after a while; until then it is left as it is. */
  #later(one: Tracked, milliseconds: number): void {
    if (this.#closed) return;
    one.cancel?.();
    one.waiting = true;
    one.cancel = this.#options.scheduler.after(milliseconds, () => {
      one.waiting = false;
      this.#reconcile();
    });
  }

  async #lastLine(instance: string): Promise<string | undefined> {
    try {
      const { bytes } = await this.#options.runtime.logs(instance, { stream: 'stderr', bytes: 4_096 });
      const lines = Buffer.from(bytes).toString('utf8').trim().split('\n');
      return lines.at(-1)?.trim();
    } catch {
      return undefined;
    }
  }

  #track(instance: string, life: Tracked['life']): Tracked {
    const one: Tracked = { instance, life, busy: false, waiting: false, checks: 0 };
    one.assigned = this.#wanted.find((wanted) => wanted.instance === instance);
    this.#tracked.set(instance, one);
    return one;
  }

  #remember(): void {
    try {
      this.#memory.write(new Map(this.tracked.map(({ instance, life }) => [instance, life])));
    } catch (error) {
      this.#options.logger.error('what is known of the instances could not be kept', { error });
    }
  }

  #now(): Instant {
    return toInstant(this.#options.clock.now());
  }
}
