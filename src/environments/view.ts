import type { Digest, Instant } from '#kernel';
import { type AsOf, type FactRow, type Fold, facts, on, type ViewReader } from '#views';
import { type ActivationKind, changeReported, revisionActivated } from './entries.ts';

/** A revision that was true from `since` on. */
export interface Revision {
  readonly environment: string;
  readonly number: number;
  readonly digest: Digest;
  readonly kind: ActivationKind;
  readonly rollout?: string;
  /** How many services it holds. */
  readonly services: number;
  readonly actor: string;
  readonly since: Instant;
  /** The ledger index of the entry that says so. */
  readonly index: number;
}

/** Which revision is true in an environment (the key); a row per revision. */
export const revisionFacts = facts('environments_revisions', {
  number: 'INTEGER NOT NULL',
  digest: 'TEXT NOT NULL',
  kind: 'TEXT NOT NULL',
  rollout: 'TEXT',
  services: 'INTEGER NOT NULL',
  actor: 'TEXT NOT NULL',
});

export const environmentsFold: Fold = {
  room: 'environments',
  version: 1,
  tables: [
    ...revisionFacts.tables,
    'CREATE UNIQUE INDEX environments_by_number ON environments_revisions (key, number)',
    `CREATE TABLE environments_changes (source TEXT NOT NULL, id TEXT NOT NULL, environment TEXT NOT NULL,
     service TEXT, kind TEXT NOT NULL, summary TEXT NOT NULL, given TEXT, time TEXT NOT NULL, actor TEXT NOT NULL,
     from_index INTEGER NOT NULL, PRIMARY KEY (source, id)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX environments_changes_time ON environments_changes (environment, time, from_index)',
  ],
  on: [
    on(revisionActivated, ({ index, entry }, views) => {
      const { environment, number, digest, kind, rollout = null, services } = entry.data;
      revisionFacts.record(views, {
        key: environment,
        time: entry.time,
        index,
        values: { number, digest, kind, rollout, services, actor: entry.actor },
      });
    }),
    on(changeReported, ({ index, entry }, views) => {
      const { data } = entry;
      views.run(
        `INSERT INTO environments_changes
         (source, id, environment, service, kind, summary, given, time, actor, from_index)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        data.source,
        data.id,
        data.environment,
        data.service ?? null,
        data.kind,
        data.summary,
        data.given ?? null,
        entry.time,
        entry.actor,
        index,
      );
    }),
  ],
};

type RevisionRow = FactRow<'number' | 'digest' | 'kind' | 'rollout' | 'services' | 'actor'>;

function revisionFrom(row: RevisionRow | undefined): Revision | undefined {
  if (row === undefined) return undefined;
  return {
    environment: row.key,
    number: Number(row.number),
    digest: row.digest as Digest,
    kind: row.kind as ActivationKind,
    ...(row.rollout === null ? {} : { rollout: String(row.rollout) }),
    services: Number(row.services),
    actor: String(row.actor),
    since: row.time,
    index: row.from_index,
  };
}

/** The environments that ever had a revision, in order of name. */
export function environmentNames(views: ViewReader): string[] {
  return revisionFacts.keys(views);
}

/** The revision that is true now, as far as all that is recorded tells; undefined before the first. */
export function currentRevision(views: ViewReader, environment: string): Revision | undefined {
  return revisionFrom(revisionFacts.now(views, environment));
}

/** The revision that was true then; undefined before the first. */
export function revisionAt(views: ViewReader, environment: string, asOf: AsOf): Revision | undefined {
  return revisionFrom(revisionFacts.at(views, environment, asOf));
}

/** `prod#118`; undefined when no entry gave the number. */
export function revisionByNumber(views: ViewReader, environment: string, number: number): Revision | undefined {
  return revisionFrom(
    views.get<RevisionRow>('SELECT * FROM environments_revisions WHERE key = ? AND number = ?', environment, number),
  );
}

/** Revisions in the order in which they were true, the latest first, as far as the first `size` entries tell. */
export function revisionsOf(
  views: ViewReader,
  environment: string,
  { limit = 50, offset = 0, size }: { readonly limit?: number; readonly offset?: number; readonly size?: number } = {},
): Revision[] {
  return views
    .all<RevisionRow>(
      `SELECT * FROM environments_revisions WHERE key = ? AND from_index < ?
       ORDER BY time DESC, from_index DESC LIMIT ? OFFSET ?`,
      environment,
      size ?? Number.MAX_SAFE_INTEGER,
      limit,
      offset,
    )
    .flatMap((row) => revisionFrom(row) ?? []);
}

/** The highest number given so far; 0 before the first revision. */
export function latestRevisionNumber(views: ViewReader, environment: string, size?: number): number {
  return (
    views.get<{ number: number | null }>(
      'SELECT max(number) AS number FROM environments_revisions WHERE key = ? AND from_index < ?',
      environment,
      size ?? Number.MAX_SAFE_INTEGER,
    )?.number ?? 0
  );
}

/** A change made elsewhere, as somebody else told it. */
export interface ReportedChange {
  readonly source: string;
  readonly id: string;
  readonly environment: string;
  readonly service: string | null;
  readonly kind: string;
  readonly summary: string;
  /** The time as given, absent (null) when none was. */
  readonly given: Instant | null;
  readonly time: Instant;
  readonly actor: string;
  readonly index: number;
}

const selectChanges = `SELECT source, id, environment, service, kind, summary, given, time, actor,
  from_index AS "index" FROM environments_changes`;

/** The change that a source reported under its id; undefined when it did not. */
export function reportedChangeOf(views: ViewReader, source: string, id: string): ReportedChange | undefined {
  return views.get(`${selectChanges} WHERE source = ? AND id = ?`, source, id);
}

/** Changes reported for an environment whose time lies in [from, until), in order of time, then index. */
export function reportedChanges(
  views: ViewReader,
  environment: string,
  from: Instant,
  until: Instant,
  size?: number,
): ReportedChange[] {
  return views.all(
    `${selectChanges} WHERE environment = ? AND time >= ? AND time < ? AND from_index < ? ORDER BY time, from_index`,
    environment,
    from,
    until,
    size ?? Number.MAX_SAFE_INTEGER,
  );
}
