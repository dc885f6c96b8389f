import { resolve } from 'node:path';
import { FixityError } from '#kernel';
import type {
  InstancePlan,
  LogPart,
  LogRequest,
  Observed,
  Running,
  Runtime,
  Stopped,
  StopSpecification,
} from '#node-agent';
import { chainEnded, Executables } from './executable.ts';
import { volumeFolder } from './folder.ts';
import { Instances } from './instances.ts';
import { readLog } from './logs.ts';
import type { ProcessRuntimeOptions } from './options.ts';
import { checkPlan } from './plan.ts';
import { isAlive } from './processes.ts';
import { Reservations } from './reservations.ts';
import { startInstance } from './starting.ts';
import type { InstanceState } from './state.ts';
import { stopInstance, stoppedOf } from './stopping.ts';
import { Turns } from './turns.ts';

/** Instances as processes of this machine, in `<data>/instances/<id>`. One at a time may work on a data folder. */
export class ProcessRuntime implements Runtime {
  readonly #options: ProcessRuntimeOptions;
  readonly #reservations: Reservations;
  readonly #instances: Instances;
  readonly #executables = new Executables();
  readonly #turns = new Turns();

  constructor(options: ProcessRuntimeOptions) {
    this.#options = { ...options, data: resolve(options.data) };
    this.#reservations = new Reservations(this.#options);
    this.#instances = new Instances(this.#options, this.#reservations);
  }

  start(plan: InstancePlan): Promise<Running> {
    return this.#turns.take(plan.id, async () => {
      checkPlan(plan);
      const folder = this.#instances.folder(plan.id);
      const before = await this.#instances.settle(plan.id);
      if (before?.phase === 'running') return this.#running(before);
      if (before?.phase === 'stopping' || before?.phase === 'stopped') {
        throw new FixityError('unsupported', `instance ${plan.id} was stopped, and an instance is not started again`, {
          next: ['start a new instance, under a new id'],
        });
      }
      try {
        await folder.prepareTree(plan);
        await this.#options.faults?.at('tree-prepared');
        const volumes = await Promise.all(plan.run.volumes.map((v) => volumeFolder(this.#options.data, plan, v.name)));
        const uids = volumes.map((volume) => volume.uid);
        const reservation = await this.#reservations.take(plan, () => this.#instances.all(), uids);
        const { state, launched } = await startInstance(plan, folder, reservation, this.#options);
        this.#instances.keepExit(plan.id, () => launched.awaitExit());
        this.#settleAtEnd(plan.id, launched.exited);
        await chainEnded(launched.name);
        return this.#running(state);
      } catch (error) {
        await this.#undo(plan.id, before);
        throw error;
      } finally {
        this.#reservations.release(plan.id);
      }
    });
  }

  stop(id: string, how: StopSpecification): Promise<Stopped> {
    return this.#turns.take(id, async () => {
      const state = await this.#instances.settle(id);
      if (state === undefined) return { id, exit: {}, killed: false, leftovers: 0 };
      if (state.phase === 'stopped') return stoppedOf(state);
      if (state.phase !== 'exited') return await stopInstance(state, how, this.#instances, this.#options);
      const stopped: InstanceState = { ...state, phase: 'stopped' };
      await this.#instances.write(stopped);
      return stoppedOf(stopped);
    });
  }

  async list(): Promise<readonly Running[]> {
    const ids = await this.#instances.ids();
    const states = await Promise.all(ids.map((id) => this.#look(id)));
    for (const [index, id] of ids.entries()) if (states[index] === undefined) await this.#forgetUnstarted(id);
    await this.#reservations.sweepNetworks(() => this.#instances.all());
    return states.flatMap((state) => (state !== undefined && isLive(state) ? [this.#running(state)] : []));
  }

  async observe(id: string): Promise<Observed> {
    const looked = await this.#look(id);
    const state = looked !== undefined && hasJustEnded(looked) ? await this.#look(id) : looked;
    if (state === undefined || state.phase === 'starting') return { id, state: 'gone' };
    if (!isLive(state) || state.process === undefined) {
      return { id, state: 'exited', exit: state.exit ?? {}, endedAt: state.endedAt };
    }
    return {
      id,
      state: 'running',
      running: this.#running(state),
      executable: await this.#executables.read(state.process),
    };
  }

  logs(id: string, request: LogRequest): Promise<LogPart> {
    return readLog(this.#instances.folder(id).log(request.stream), id, request);
  }

  remove(id: string): Promise<void> {
    return this.#turns.take(id, async () => {
      const state = await this.#instances.settle(id);
      if (state === undefined) return;
      if (isLive(state)) {
        throw new FixityError('unsupported', `instance ${id} is running`, { next: ['stop it, then remove it'] });
      }
      await this.#instances.discard(state);
    });
  }

  /** Settled; but while a start or stop is at work on it as recorded, so that looking never waits for a grace. */
  async #look(id: string): Promise<InstanceState | undefined> {
    if (this.#turns.busy(id)) {
      const state = await this.#instances.read(id);
      if (state === undefined || !hasJustEnded(state)) return state;
    }
    return await this.#turns.take(id, () => this.#instances.settle(id));
  }

  /** A folder without a state: the node agent ended before it could mean to start anything from it. */
  async #forgetUnstarted(id: string): Promise<void> {
    if (this.#turns.busy(id)) return;
    await this.#turns.take(id, async () => {
      if ((await this.#instances.read(id)) === undefined) await this.#instances.forget(id);
    });
  }

  /** Records the exit code while it is known. What goes wrong is met again, and reported, by the next look. */
  #settleAtEnd(id: string, exited: Promise<unknown>): void {
    const settle = (): Promise<unknown> => this.#turns.take(id, () => this.#instances.settle(id));
    void exited.then(settle).catch(() => undefined);
  }

  /** After a failed start nothing runs and nothing is held; what is recorded is what was before. */
  async #undo(id: string, before: InstanceState | undefined): Promise<void> {
    const state = await this.#instances.read(id);
    if (state === undefined || state.token === before?.token) await this.#reservations.abandon(id);
    else if (isLive((await this.#instances.settle(id)) ?? state)) return;
    if (before === undefined) await this.#instances.forget(id);
    else await this.#instances.restore(before);
  }

  #running(state: InstanceState): Running {
    const { id, service, environment, bootId, endpoints, renderedDigest, notes } = state;
    const name = state.process ?? { pid: 0, startTime: '0' };
    const startedAt = state.startedAt ?? state.intendedAt;
    const { path: folder } = this.#instances.folder(id);
    return { id, service, environment, folder, bootId, ...name, startedAt, endpoints, renderedDigest, notes };
  }
}

function isLive(state: InstanceState): boolean {
  return state.process !== undefined && state.phase !== 'exited' && state.phase !== 'stopped' && isAlive(state.process);
}

/** True between the end of the process and its record: a moment, in which the exit code is not there yet. */
function hasJustEnded(state: InstanceState): boolean {
  return (state.phase === 'running' || state.phase === 'stopping') && !isLive(state);
}
