import type { z } from 'zod';
import type { Answer, logQuery } from '#contract';
import { FixityError, type Json } from '#kernel';
import { foldedSize } from '#views';
import type { HistoryPorts } from './ports.ts';
import { referenceNamed } from './references.ts';
import { summariesOf, summaryOf } from './summary.ts';
import { entriesBefore } from './view.ts';

/** Entries, newest first. @throws FixityError `not-found` (nothing has that name), `ambiguous-digest`. */
export async function logOf(ports: HistoryPorts, query: z.output<typeof logQuery>): Promise<Answer<'log'>> {
  const { subject, type, actor, before, limit } = query;
  const { size, rows } = ports.views.snapshot((reader) => {
    const size = foldedSize(reader);
    const touches = query.touches === undefined ? undefined : referenceNamed(reader, query.touches);
    const filter = { subject, touches, type, actor };
    return { size, rows: entriesBefore(reader, filter, Math.min(before ?? size, size), limit) };
  });
  return { size, entries: await summariesOf(ports, rows) };
}

/** One entry, as it is on the ledger and in a line. @throws FixityError `not-found` that names the latest. */
export async function entryAt(ports: HistoryPorts, { index }: { readonly index: number }): Promise<Answer<'entry'>> {
  const size = foldedSize(ports.views);
  if (index >= size) {
    throw new FixityError('not-found', `there is no entry ${index}, the latest is ${size - 1}`, {
      next: ['fixity log'],
    });
  }
  const recorded = await ports.ledger.entry(index);
  return { summary: summaryOf(ports, recorded), entry: recorded.entry as unknown as Json as never };
}
