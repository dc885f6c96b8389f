import { realpath } from 'node:fs/promises';
import { FixityError } from '#kernel';
import type { Endpoint, InstancePlan } from '#node-agent';
import { Networks, type OwnNetwork } from './network.ts';
import type { ProcessRuntimeOptions } from './options.ts';
import { ownEndpoints, sharedEndpoints } from './ports.ts';
import type { InstanceState } from './state.ts';
import { Turns } from './turns.ts';
import { canChangeUser, closedTo, isOwnRange, namedUser, type RunUser, unusedUser } from './user.ts';

/** What an instance has to itself on the node. */
export interface Reservation {
  readonly endpoints: readonly Endpoint[];
  /** Where it is reached. */
  readonly address: string;
  readonly network?: OwnNetwork | undefined;
  readonly user?: RunUser | undefined;
  readonly notes: readonly string[];
}

/** Gives out ports, users and networks so that no two instances get the same, before their state is written. */
export class Reservations {
  readonly #options: ProcessRuntimeOptions;
  readonly #networks: Networks;
  readonly #pending = new Map<string, Reservation>();
  readonly #turns = new Turns();
  #canChangeUser: Promise<boolean> | undefined;

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
    this.#networks = new Networks(options.data);
  }

  /** Held until {@link release}; from then on the instance's state speaks for it. */
  take(
    plan: InstancePlan,
    states: () => Promise<readonly InstanceState[]>,
    volumeUids: readonly number[],
  ): Promise<Reservation> {
    return this.#turns.take('node', async () => {
      const known = await states();
      const who = await this.#user(plan, known, volumeUids);
      const where = await this.#place(plan, known);
      const reservation = { ...where, user: who.user, notes: [...who.notes, ...where.notes] };
      this.#pending.set(plan.id, reservation);
      return reservation;
    });
  }

  /** Gives back what was taken for a start that wrote no intent. */
  async abandon(id: string): Promise<void> {
    await this.freeNetwork(this.#pending.get(id)?.network);
  }

  release(id: string): void {
    this.#pending.delete(id);
  }

  async freeNetwork(network: OwnNetwork | undefined): Promise<void> {
    if (network !== undefined) await this.#networks.remove(network);
  }

  /** Removes networks that neither a live instance nor a start under way uses: what a crash left. */
  sweepNetworks(states: () => Promise<readonly InstanceState[]>): Promise<void> {
    return this.#turns.take('node', async () => {
      await this.#networks.sweep(this.#namespaces(await states()));
    });
  }

  #namespaces(states: readonly InstanceState[]): Set<string> {
    const used = [...states.filter(holds), ...this.#pending.values()];
    return new Set(used.flatMap(({ network }) => network?.namespace ?? []));
  }

  async #user(
    plan: InstancePlan,
    states: readonly InstanceState[],
    volumeUids: readonly number[],
  ): Promise<{ user?: RunUser; notes: string[] }> {
    this.#canChangeUser ??= canChangeUser();
    const wanted = plan.run.user;
    const me = process.geteuid?.() ?? -1;
    if (!(await this.#canChangeUser)) {
      const as = me === 0 ? 'root' : `user ${me}`;
      const why = me === 0 ? 'this machine does not let it change users' : 'the node agent is not root';
      const shared = `runs as ${as}, who can change its files: ${why}`;
      return { notes: wanted === undefined || wanted === me ? [shared] : [`${shared}; "${wanted}" was asked for`] };
    }
    if (wanted !== undefined) return { user: await namedUser(wanted), notes: [] };
    const sharer = volumeUids.find(isOwnRange);
    if (sharer !== undefined) return { user: { uid: sharer, gid: sharer, exclusive: false }, notes: [] };
    const users = [...states, ...this.#pending.values()].flatMap(({ user }) => user?.uid ?? []);
    const user = await unusedUser(new Set(users), this.#options.data);
    // Later instances of the service get the volume's user too, so it is nobody's alone.
    return { user: { ...user, exclusive: plan.run.volumes.length === 0 }, notes: [] };
  }

  async #place(plan: InstancePlan, states: readonly InstanceState[]): Promise<Omit<Reservation, 'user'>> {
    const mode = this.#options.network ?? 'auto';
    const notes: string[] = [];
    if (mode !== 'host' && process.geteuid?.() === 0 && process.platform === 'linux') {
      try {
        const network = await this.#networks.create(plan.id, this.#namespaces(states));
        const { address } = network;
        return { endpoints: ownEndpoints(plan.run.ports, address), address, network, notes };
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        if (mode === 'own') throw new FixityError('unsupported', `no own network could be made: ${why}`, { cause });
        notes.push(`shares the machine's network: ${why}`);
      }
    } else if (mode === 'own') {
      throw new FixityError('unsupported', 'an own network needs a node agent that is root on Linux');
    }
    const held = [...states.filter(holds), ...this.#pending.values()];
    const taken = new Set(
      held.filter(({ network }) => network === undefined).flatMap((s) => s.endpoints.map((e) => e.port)),
    );
    const config = Buffer.from(plan.config?.bytes ?? []).toString('latin1');
    const texts = [...plan.run.command, ...Object.values(plan.run.environment), config];
    return { endpoints: await sharedEndpoints(plan.run.ports, texts, taken), address: '127.0.0.1', notes };
  }
}

/**
 * The reserved user, or undefined with a note when folders on the way are closed to it.
 * @throws FixityError `unsupported` when the run specification names the user.
 */
export async function confirmUser(
  user: RunUser | undefined,
  plan: InstancePlan,
  paths: readonly string[],
): Promise<{ user?: RunUser; notes: string[] }> {
  if (user === undefined) return { notes: [] };
  for (const path of paths) {
    const closed = (await closedTo(user, path)) ?? (await closedTo(user, await realpath(path)));
    if (closed === undefined) continue;
    if (plan.run.user !== undefined) {
      throw new FixityError('unsupported', `${closed} is closed to the user "${plan.run.user}"`, {
        next: [`open it to other users (chmod o+x ${closed}), or keep the data of the node elsewhere`],
      });
    }
    return { notes: [`runs as root, who can change its files: ${closed} is closed to other users`] };
  }
  return { user, notes: user.uid === 0 ? ['runs as root, as the run specification asks'] : [] };
}

/** True while an instance may still use what it was given. */
function holds(state: InstanceState): boolean {
  return state.phase === 'starting' || state.phase === 'running' || state.phase === 'stopping';
}
