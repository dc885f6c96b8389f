import { toInstant } from '#kernel';
import type { Logger } from '#telemetry';
import { anchorOf } from './anchor.ts';
import { anchorObservations, loseWatch, silenceMs } from './commands.ts';
import { Heartbeats } from './heartbeats.ts';
import type { FleetPorts } from './ports.ts';
import { lastReport, nodes } from './queries.ts';

const actor = 'system:fleet';
const anchorEveryMs = 600_000;

/**
 * Notices silence: a watched node that was not heard of for 15 s is recorded as not watched since then. What ends the
 * silence is recorded with the observation that does. Safe to call at any time, after a restart too.
 */
export class WatchController {
  readonly #ports: Pick<FleetPorts, 'views' | 'writer' | 'store' | 'scratch' | 'clock'>;
  readonly #heartbeats: Heartbeats;
  readonly #logger: Logger;

  #anchored: number;

  constructor(ports: Pick<FleetPorts, 'views' | 'writer' | 'store' | 'scratch' | 'clock' | 'logger'>) {
    this.#anchored = ports.clock.now();
    this.#ports = ports;
    this.#heartbeats = new Heartbeats(ports.scratch, ports.clock);
    this.#logger = ports.logger;
  }

  /** One look at all nodes, and what is due. @throws FixityError what the writer gives, `writer-stopped` for example. */
  async tick(): Promise<void> {
    await this.#look();
    await this.anchor();
  }

  async #look(): Promise<void> {
    const { views, writer, clock } = this.#ports;
    for (const { node, watched } of nodes(views)) {
      if (!watched || this.#heartbeats.silence(node) <= silenceMs) continue;
      const lastSeen =
        this.#heartbeats.of(node)?.seen ?? lastReport(views, node)?.time ?? toInstant(clock.now() - silenceMs);
      await writer.submit(loseWatch, { node, lastSeen }, { actor });
      this.#logger.warn('a node is silent', { node, lastSeen });
    }
  }

  /**
   * Every ten minutes, anchors the latest observations of the nodes that are watched; nothing is anchored where nobody
   * looks. @throws FixityError what the store and the writer give.
   */
  async anchor(): Promise<void> {
    const { views, writer, store, clock } = this.#ports;
    if (clock.now() - this.#anchored < anchorEveryMs) return;
    this.#anchored = clock.now();
    const watched = new Set(nodes(views).flatMap((one) => (one.watched ? [one.node] : [])));
    const { root, list, count, verifiedTo } = anchorOf(
      this.#heartbeats.latest().filter(({ node }) => watched.has(node)),
    );
    if (verifiedTo === undefined) return;
    const { digest } = await store.put(list);
    await writer.submit(anchorObservations, { root, list: digest, count, verifiedTo }, { actor });
  }
}
