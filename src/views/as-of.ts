import type { Instant } from '#kernel';
import { foldedSize } from './cursor.ts';
import type { AsOf } from './facts.ts';
import type { ViewReader } from './reader.ts';

/** Later than any entry: with it only the known-at bound decides. */
const endOfTime: Instant = '9999-12-31T23:59:59.999Z';

/** What holds at `now` as far as everything folded tells. */
export function asOfNow(views: ViewReader, now: Instant): AsOf {
  return { time: now, size: foldedSize(views) };
}

/** What held at `time`: as far as is known now, or (`knownSize`) as far as the first entries told. */
export function asOfTime(views: ViewReader, time: Instant, knownSize?: number): AsOf {
  const size = foldedSize(views);
  return { time, size: knownSize === undefined ? size : Math.min(size, knownSize) };
}

/** What held, and was known, when the entry at `index` had just been recorded: no entry is ahead of its own recording. */
export function asOfIndex(index: number): AsOf {
  return { time: endOfTime, size: index + 1 };
}

/**
 * What held at `time` as far as was known at `knownAt` (`--known-at`).
 * @param ledger tells how many entries were recorded by then (`LedgerReadStorage.sizeAt`).
 */
export async function asOfKnownAt(
  ledger: { sizeAt(recorded: Instant): Promise<number> },
  time: Instant,
  knownAt: Instant,
): Promise<AsOf> {
  return { time, size: await ledger.sizeAt(knownAt) };
}
