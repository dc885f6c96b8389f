import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { runTool } from './tools.ts';

/** A network namespace joined to this machine by a pair of links (veth(4)). */
export interface OwnNetwork {
  readonly namespace: string;
  /** The machine's end of the pair. */
  readonly link: string;
  /** The instance's address; the machine is the one before it. */
  readonly address: string;
}

const slots = 1 << 14;

/**
 * Networks of the instances of one data folder. Names are made from that folder, so what a crash left behind is
 * recognised by name, and two node agents on a machine leave each other's alone.
 */
export class Networks {
  readonly #mark: string;

  constructor(data: string) {
    this.#mark = createHash('sha256').update(data).digest('hex').slice(0, 6);
  }

  /**
   * Makes a network with an address from 10.213.0.0/16 in a /30 of its own; ports below 1024 need no privilege there.
   * None that is `inUse` is given, also when it has been taken down: its holder will take it down again.
   * @throws Error when the machine cannot or the process may not.
   */
  async create(instanceId: string, inUse: ReadonlySet<string>): Promise<OwnNetwork> {
    const used = await this.#usedSlots();
    const start = createHash('sha256').update(instanceId).digest().readUInt16BE(0) % slots;
    for (let step = 0; step < slots; step += 1) {
      const slot = (start + step) % slots;
      const network = this.#network(slot);
      if (used.has(slot) || inUse.has(network.namespace)) continue;
      try {
        await this.#build(network, addressOf(slot, 1));
        return network;
      } catch (error) {
        await this.remove(network);
        throw error;
      }
    }
    throw new Error('no address in 10.213.0.0/16 is free');
  }

  /** Idempotent. Processes that are still inside keep the namespace alive, but cut off. */
  async remove(network: OwnNetwork): Promise<void> {
    await runTool('ip', ['link', 'delete', 'dev', network.link]).catch(ignoreMissing);
    await runTool('ip', ['netns', 'delete', network.namespace]).catch(ignoreMissing);
  }

  /** Removes the networks of this data folder that are not in use. */
  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    const names = await readdir('/run/netns').catch(() => []);
    for (const name of names) {
      const slot = new RegExp(`^fixity-${this.#mark}-([0-9a-f]{4})$`).exec(name)?.[1];
      if (slot !== undefined && !inUse.has(name)) await this.remove(this.#network(Number.parseInt(slot, 16)));
    }
  }

  #network(slot: number): OwnNetwork {
    const hex = slot.toString(16).padStart(4, '0');
    return { namespace: `fixity-${this.#mark}-${hex}`, link: `fx${this.#mark}${hex}`, address: addressOf(slot, 2) };
  }

  async #build(network: OwnNetwork, gateway: string): Promise<void> {
    const { namespace, link, address } = network;
    await runTool('ip', ['netns', 'add', namespace]);
    const outside = [
      `link add ${link} type veth peer name eth0 netns ${namespace}`,
      `address add ${gateway}/30 dev ${link}`,
      `link set ${link} up`,
    ];
    await runTool('ip', ['-batch', '-'], `${outside.join('\n')}\n`);
    const inside = [
      'link set lo up',
      `address add ${address}/30 dev eth0`,
      'link set eth0 up',
      `route add default via ${gateway}`,
    ];
    await runTool('ip', ['-n', namespace, '-batch', '-'], `${inside.join('\n')}\n`);
    const enter = [`--net=/run/netns/${namespace}`, '--'];
    const anyPort = 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start';
    await runTool('nsenter', [...enter, '/bin/sh', '-c', anyPort]);
  }

  async #usedSlots(): Promise<Set<number>> {
    const listed = await runTool('ip', ['-4', '-o', 'address', 'show']);
    const used = new Set<number>();
    for (const [, third, fourth] of listed.matchAll(/inet 10\.213\.(\d+)\.(\d+)\//g)) {
      used.add((Number(third) << 6) | (Number(fourth) >> 2));
    }
    return used;
  }
}

function addressOf(slot: number, host: number): string {
  return `10.213.${slot >> 6}.${((slot & 63) << 2) | host}`;
}

/** Both are already gone when a crash came between them, or when the namespace took its link along. */
function ignoreMissing(error: unknown): void {
  const said = error instanceof Error ? error.message : '';
  if (!/Cannot find device|No such file or directory/.test(said)) throw error;
}
