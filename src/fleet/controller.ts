import { toInstant } from '#kernel';
import type { Logger } from '#telemetry';
import { loseWatch, silenceMs } from './commands.ts';
import { Heartbeats } from './heartbeats.ts';
import type { FleetPorts } from './ports.ts';
import { lastReport, nodes } from './queries.ts';

const actor = 'system:fleet';

/**
 * Notices silence: a watched node that was not heard of for 15 s is recorded as not watched since then. What ends the
 * silence is recorded with the observation that does. Safe to call at any time, after a restart too.
 */
export class WatchController {
  readonly #ports: Pick<FleetPorts, 'views' | 'writer' | 'scratch' | 'clock'>;
  readonly #heartbeats: Heartbeats;
  readonly #logger: Logger;

  constructor(ports: Pick<FleetPorts, 'views' | 'writer' | 'scratch' | 'clock' | 'logger'>) {
    this.#ports = ports;
    this.#heartbeats = new Heartbeats(ports.scratch, ports.clock);
    this.#logger = ports.logger;
  }

  /** One look at all nodes. @throws FixityError what the writer gives, `writer-stopped` for example. */
  async tick(): Promise<void> {
    const { views, writer, clock } = this.#ports;
    for (const { node, watched } of nodes(views)) {
      if (!watched || this.#heartbeats.silence(node) <= silenceMs) continue;
      const lastSeen =
        this.#heartbeats.of(node)?.seen ?? lastReport(views, node)?.time ?? toInstant(clock.now() - silenceMs);
      await writer.submit(loseWatch, { node, lastSeen }, { actor });
      this.#logger.warn('a node is silent', { node, lastSeen });
    }
  }
}
