import type { z } from 'zod';
import type { ChangesAnswer, changesQuery } from '#contract';
import { requireEnvironment } from '#environments';
import { FixityError, type Instant, parseInstant, toInstant } from '#kernel';
import { rolloutsOf } from '#rollouts';
import { foldedSize } from '#views';
import { gapsWithin } from './coverage.ts';
import type { HistoryPorts } from './ports.ts';
import { summariesOf } from './summary.ts';
import { changesTouching } from './view.ts';

/** Later than any entry: without `until` whatever is recorded counts, that of this very millisecond too. */
const endOfTime: Instant = '9999-12-31T23:59:59.999Z';

/**
 * What changed in an environment within [since, until), in order of time, and when nobody was looking.
 * @throws FixityError `not-found` (no such environment), `invalid-input` (the window ends before it begins).
 */
export async function changesIn(ports: HistoryPorts, query: z.output<typeof changesQuery>): Promise<ChangesAnswer> {
  const { views, ledger, clock } = ports;
  const { environment, service } = query;
  const now = toInstant(clock.now());
  const since = parseInstant(query.since) ?? query.since;
  const until = query.until === undefined ? now : (parseInstant(query.until) ?? query.until);
  if (since > until) {
    throw new FixityError('invalid-input', `${since} is after ${until}`, { next: ['ask for a time that has passed'] });
  }
  if (rolloutsOf(views, environment, 1).length === 0) requireEnvironment(views, environment);
  const known = query.knownAt === undefined ? undefined : await ledger.sizeAt(parseInstant(query.knownAt) ?? now);
  const found = views.snapshot((reader) => {
    const size = Math.min(foldedSize(reader), known ?? Number.MAX_SAFE_INTEGER);
    const window = { since, until: query.until === undefined ? endOfTime : until, size };
    const also = service === undefined ? undefined : `service/${service}`;
    return {
      size,
      rows: changesTouching(reader, `environment/${environment}`, window, also),
      notWatched: gapsWithin(reader, window),
    };
  });
  const { size, rows, notWatched } = found;
  // A clock that was set back must not make the window end before what is in it.
  const last = query.until === undefined ? (rows.at(-1)?.time ?? until) : until;
  return {
    environment,
    since,
    until: last > until ? last : until,
    size,
    changes: await summariesOf(ports, rows),
    notWatched,
  };
}
