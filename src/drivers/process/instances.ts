import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FixityError, toInstant } from '#kernel';
import type { Exit } from '#node-agent';
import { InstanceFolder } from './folder.ts';
import { findLeader, killMembers } from './members.ts';
import type { ProcessRuntimeOptions } from './options.ts';
import { isAlive, readBootId } from './processes.ts';
import type { Reservations } from './reservations.ts';
import { type InstanceState, readState, writeState } from './state.ts';

/** The instances of a data folder as recorded on disk, and how a record is brought up to what is true. */
export class Instances {
  readonly #options: ProcessRuntimeOptions;
  readonly #reservations: Reservations;
  /** Of the processes that this very process started: how they end. */
  readonly #exits = new Map<string, () => Promise<Exit>>();

  constructor(options: ProcessRuntimeOptions, reservations: Reservations) {
    this.#options = options;
    this.#reservations = reservations;
  }

  /** @throws FixityError `invalid-input` when the id could not name a folder. */
  folder(id: string): InstanceFolder {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)) return new InstanceFolder(this.#options.data, id);
    throw new FixityError('invalid-input', `"${id.slice(0, 100)}" cannot name an instance`, {
      next: ['use 1 to 100 letters, digits, dots, dashes and underscores, a letter or digit first'],
    });
  }

  async ids(): Promise<string[]> {
    const entries = await readdir(join(this.#options.data, 'instances'), { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  /** As recorded; what runs may be further. */
  read(id: string): Promise<InstanceState | undefined> {
    return readState(this.folder(id).path);
  }

  async all(): Promise<InstanceState[]> {
    const states = await Promise.all((await this.ids()).map((id) => this.read(id)));
    return states.filter((state) => state !== undefined);
  }

  write(state: InstanceState): Promise<void> {
    return writeState(this.folder(state.id).path, state);
  }

  keepExit(id: string, exit: () => Promise<Exit>): void {
    this.#exits.set(id, exit);
  }

  /** How it ended, if this process is its parent; waits for the kernel to say so. */
  exit(state: InstanceState): Promise<Exit> {
    return this.#exits.get(state.id)?.() ?? Promise.resolve({});
  }

  /**
   * The state as it is now: a process whose start was cut off is adopted, one that ended is recorded as ended, and
   * what it left behind (children, network) is cleared away. Undefined when nothing was started under this id.
   */
  async settle(id: string): Promise<InstanceState | undefined> {
    const state = await this.read(id);
    if (state === undefined || state.phase === 'exited' || state.phase === 'stopped') return state;
    const sameBoot = state.bootId === readBootId();
    if (state.phase === 'starting' && sameBoot) {
      const leader = findLeader(state, this.folder(id));
      if (leader !== undefined) {
        const name = { pid: leader.pid, startTime: leader.startTime };
        return await this.#record({ ...state, phase: 'running', process: name, startedAt: state.intendedAt });
      }
    }
    if (sameBoot && state.process !== undefined && isAlive(state.process)) return state;
    const leftovers = sameBoot ? await killMembers(state, this.folder(id)) : 0;
    const phase = state.phase === 'stopping' ? 'stopped' : 'exited';
    return await this.finish(state, { phase, leftovers, exit: sameBoot ? await this.exit(state) : {} });
  }

  /** Records an end, after all of its processes are gone. */
  async finish(
    state: InstanceState,
    end: { phase: 'exited' | 'stopped'; exit: Exit; leftovers: number; killed?: boolean },
  ): Promise<InstanceState> {
    await this.#reservations.freeNetwork(state.network);
    const endedAt = toInstant(this.#options.clock.now());
    const ended = await this.#record({ ...state, killed: false, endedAt, ...end });
    this.#exits.delete(state.id);
    return ended;
  }

  /** Deletes all but the output and the state; of the oldest ended instances of the service, those too. */
  async discard(state: InstanceState): Promise<void> {
    await this.#record({ ...state, phase: 'stopped' });
    await this.folder(state.id).discardTree();
    const ended = (await this.all())
      .filter((other) => other.phase === 'stopped' && isSibling(other, state))
      .sort((a, b) => (a.endedAt ?? '').localeCompare(b.endedAt ?? ''));
    const surplus = ended.slice(0, Math.max(0, ended.length - (this.#options.keepStopped ?? 20)));
    for (const { id } of surplus) await rm(this.folder(id).path, { recursive: true, force: true });
  }

  /** Deletes the whole folder of an instance that nothing runs of. */
  async forget(id: string): Promise<void> {
    this.#exits.delete(id);
    await rm(this.folder(id).path, { recursive: true, force: true });
  }

  /** Goes back to an ended state, without the tree of a start that failed. */
  async restore(ended: InstanceState): Promise<void> {
    this.#exits.delete(ended.id);
    await this.#record(ended);
    await this.folder(ended.id).discardTree();
  }

  async #record(state: InstanceState): Promise<InstanceState> {
    await this.write(state);
    return state;
  }
}

function isSibling(a: InstanceState, b: InstanceState): boolean {
  return a.service === b.service && a.environment === b.environment;
}
