import type { HistoryEntry } from '#contract';
import { isDigest } from '#kernel';
import type { Recorded } from '#ledger';
import { askerOf } from './asker.ts';
import type { HistoryPorts } from './ports.ts';

/** How many digests a line names at most; the entry itself has them all. */
const shown = 100;

/** One line about an entry: what, who and when, with the digests it touches. */
export function summaryOf({ views, catalogue, nameOf }: HistoryPorts, recorded: Recorded): HistoryEntry {
  const { index, entry } = recorded;
  const change = catalogue.change(recorded);
  const asker = askerOf(views, entry);
  const digests = [...new Set(catalogue.touches(recorded).filter((reference) => isDigest(reference)))];
  return {
    index,
    time: entry.time,
    recorded: entry.recordedtime,
    type: entry.type,
    subject: entry.subject,
    ...(change === undefined ? {} : { change }),
    says: catalogue.says(recorded),
    actor: entry.actor,
    by: nameOf(asker) ?? asker,
    basis: entry.basis,
    digests: digests.slice(0, shown),
  };
}

/** Lines about the entries with these indexes, in the order given. */
export async function summariesOf(ports: HistoryPorts, rows: readonly { index: number }[]): Promise<HistoryEntry[]> {
  const lines: HistoryEntry[] = [];
  for (const { index } of rows) lines.push(summaryOf(ports, await ports.ledger.entry(index)));
  return lines;
}
