import type { MomentQuery, ResolvedMoment } from '#contract';
import { currentRevision, type FoundMoment, type LedgerTimes, resolveMoment } from '#environments';
import { FixityError, type Instant, parseInstant } from '#kernel';
import { rolloutsOf } from '#rollouts';
import { foldedSize, type ViewReader } from '#views';

/**
 * Finds what a moment means, also in an environment whose first revision has yet to become true.
 * @throws FixityError as `resolveMoment` of environments does.
 */
export async function momentOf(
  views: ViewReader,
  ledger: LedgerTimes,
  query: MomentQuery,
  now: Instant,
): Promise<FoundMoment> {
  const { environment } = query;
  const isNew = currentRevision(views, environment) === undefined && rolloutsOf(views, environment, 1).length > 0;
  if (!isNew) return resolveMoment(views, ledger, query, now);
  if (query.revision !== undefined || query.back !== undefined) {
    throw new FixityError('not-found', `${environment} has no revision yet`, { next: ['fixity status'] });
  }
  const known = parseInstant(query.knownAt ?? now) ?? now;
  const size = Math.min(foldedSize(views), await ledger.sizeAt(known));
  const asked = parseInstant(query.time ?? known) ?? known;
  const time = asked > now ? now : asked;
  const given = query.time ?? query.index ?? query.knownAt;
  return {
    environment,
    time,
    now: given === undefined,
    size: query.index === undefined ? size : Math.min(size, query.index + 1),
  };
}

/** What an answer says about its moment: without the means of asking for facts. */
export function resolved({ environment, time, now, revision, digest, since, size }: FoundMoment): ResolvedMoment {
  return {
    environment,
    time,
    now,
    ...(revision === undefined ? {} : { revision }),
    ...(digest === undefined ? {} : { digest }),
    ...(since === undefined ? {} : { since }),
    size,
  };
}
