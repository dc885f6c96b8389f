import type { LiveAnswer } from '#contract';
import type { FoundMoment } from '#environments';
import { watchGaps, watchOf } from '#fleet';
import type { Instant } from '#kernel';
import type { ViewReader } from '#views';
import type { HistoryPorts } from './ports.ts';
import { lastReportAt, type Window } from './view.ts';

type NotWatched = LiveAnswer['notWatched'];

/** Up to when the nodes had reported, and which of them nobody was looking at. */
export function coverageAt(
  views: ViewReader,
  { seenNow }: Pick<HistoryPorts, 'seenNow'>,
  moment: FoundMoment,
  nodes: ReadonlySet<string>,
): Pick<LiveAnswer, 'verifiedTo' | 'notWatched'> {
  const reports: Instant[] = [];
  const notWatched: NotWatched = [];
  for (const node of [...nodes].toSorted()) {
    const recorded = lastReportAt(views, node, moment);
    const report = moment.now ? (seenNow(node) ?? recorded) : recorded;
    if (report !== undefined) reports.push(report);
    const watch = watchOf(views, node, moment);
    if (watch === undefined) notWatched.push({ what: node });
    else if (!watch.watching) {
      const gap = watchGaps(views, watch.since, '9999', moment.size).find(
        (one) => one.node === node && one.from === watch.since,
      );
      notWatched.push({ what: node, since: watch.since, ...(gap?.until === undefined ? {} : { until: gap.until }) });
    }
  }
  const verifiedTo = reports.length < nodes.size ? undefined : reports.toSorted()[0];
  return { ...(verifiedTo === undefined ? {} : { verifiedTo }), notWatched };
}

/** Where and when nobody was looking within a window. */
export function gapsWithin(views: ViewReader, { since, until, size }: Window): NotWatched {
  return watchGaps(views, since, until, size).map((gap) => ({
    what: gap.node,
    since: gap.from,
    ...(gap.until === undefined ? {} : { until: gap.until }),
  }));
}
