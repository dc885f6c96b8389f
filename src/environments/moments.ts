import type { MomentQuery, ResolvedMoment } from '#contract';
import { FixityError, type Instant, parseInstant } from '#kernel';
import { parseLeaf } from '#ledger';
import { type AsOf, foldedSize, type ViewReader } from '#views';
import type { LedgerTimes } from './ports.ts';
import {
  currentRevision,
  environmentNames,
  latestRevisionNumber,
  type Revision,
  revisionAt,
  revisionByNumber,
  revisionsOf,
} from './view.ts';

/** What a moment turned out to be; usable as an `AsOf` wherever facts are asked for. */
export type FoundMoment = ResolvedMoment & AsOf;

/**
 * Finds what a moment means. An instant or nothing: what held then, as far as is known now or was known at `knownAt`.
 * A revision, by number or counted back: as of the entry that made it true. An index: as of the entry there.
 * @throws FixityError `not-found` (no such environment, revision or entry), `invalid-input` (more than one of them, or
 * a time that has not come).
 */
export async function resolveMoment(
  views: ViewReader,
  ledger: LedgerTimes,
  query: MomentQuery,
  now: Instant,
): Promise<FoundMoment> {
  const { environment } = query;
  const chosen = [query.time, query.revision, query.back, query.index].filter((one) => one !== undefined);
  if (chosen.length > 1) {
    throw new FixityError('invalid-input', 'a moment has one of time, revision, back and index', {
      next: ['leave the others out'],
    });
  }
  requireEnvironment(views, environment);
  const known = query.knownAt === undefined ? undefined : past(query.knownAt, now);
  const folded = foldedSize(views);
  const size = known === undefined ? folded : Math.min(folded, await ledger.sizeAt(known));
  if (query.revision !== undefined) return atRevision(numbered(views, environment, query.revision, size));
  if (query.back !== undefined) return atRevision(countedBack(views, environment, query.back, size));
  if (query.index !== undefined) return atIndex(views, ledger, environment, query.index, size);
  const until = known ?? now;
  const time = query.time === undefined ? until : past(query.time, now);
  return atTime(views, environment, { time, size }, query.time === undefined && known === undefined);
}

/** @throws FixityError `not-found` that names the environments there are. */
export function requireEnvironment(views: ViewReader, environment: string): void {
  const refusal = unknownEnvironment(views, environment);
  if (refusal !== undefined) throw refusal;
}

/** Why there is no such environment, naming those there are; undefined when there is. */
export function unknownEnvironment(views: ViewReader, environment: string): FixityError | undefined {
  if (currentRevision(views, environment) !== undefined) return undefined;
  const names = environmentNames(views);
  return new FixityError('not-found', `there is no environment ${environment}`, {
    facts: [names.length === 0 ? 'none has a revision yet' : `there are: ${listed(names)}`],
    next: [names[0] === undefined ? `fixity ship --env ${environment}` : `fixity live ${names[0]}`],
  });
}

function atTime(views: ViewReader, environment: string, asOf: AsOf, now: boolean): FoundMoment {
  const revision = revisionAt(views, environment, asOf);
  return {
    environment,
    ...asOf,
    now,
    ...(revision === undefined ? {} : { revision: revision.number, digest: revision.digest, since: revision.since }),
  };
}

/** The bound is the entry itself, so that a next revision of the same millisecond does not take its place. */
function atRevision({ environment, number, digest, since, index }: Revision): FoundMoment {
  return { environment, time: since, size: index + 1, now: false, revision: number, digest, since };
}

async function atIndex(
  views: ViewReader,
  ledger: LedgerTimes,
  environment: string,
  index: number,
  size: number,
): Promise<FoundMoment> {
  const [leaf] = index < size ? await ledger.leaves(index, index + 1) : [];
  if (leaf === undefined) {
    throw new FixityError('not-found', `there is no entry ${index}, the latest is ${size - 1}`, {
      next: [`fixity log`],
    });
  }
  // No entry is ahead of its own recording, so this time takes in all that was known.
  return atTime(views, environment, { time: parseLeaf(leaf).recordedtime, size: index + 1 }, false);
}

function numbered(views: ViewReader, environment: string, number: number, size: number): Revision {
  const revision = revisionByNumber(views, environment, number);
  if (revision !== undefined && revision.index < size) return revision;
  throw new FixityError('not-found', `${environment} has no revision #${number}, ${latest(views, environment, size)}`, {
    next: [`fixity log environment/${environment}`],
  });
}

function countedBack(views: ViewReader, environment: string, count: number, size: number): Revision {
  const [revision] = revisionsOf(views, environment, { limit: 1, offset: count, size });
  if (revision !== undefined) return revision;
  throw new FixityError(
    'not-found',
    `${environment}~${count} is before its first revision, ${latest(views, environment, size)}`,
    {
      next: [`fixity live ${environment}#1`],
    },
  );
}

function latest(views: ViewReader, environment: string, size: number): string {
  const number = latestRevisionNumber(views, environment, size);
  return number === 0 ? 'it had none by then' : `the latest is #${number}`;
}

function past(text: string, now: Instant): Instant {
  const time = parseInstant(text);
  if (time === undefined) throw new FixityError('invalid-input', `"${text.slice(0, 60)}" is not an instant`);
  if (time <= now) return time;
  throw new FixityError('invalid-input', `${time} has not come yet`, {
    facts: [`the server's clock says ${now}`],
    next: ['ask for a time that has passed'],
  });
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
