import type { Digest, Instant } from '#kernel';
import { type AsOf, type Fold, on, type ViewReader, type ViewWriter } from '#views';
import { type RecordedSource, releaseMade, releaseSourced } from './entries.ts';

/** A release as the ledger knows it. */
export interface Release {
  readonly service: string;
  readonly number: number;
  /** The digest of its index. */
  readonly digest: Digest;
  readonly build: Digest;
  readonly buildKind: 'tree' | 'image';
  readonly config?: Digest;
  readonly released: Instant;
  readonly actor: string;
  /** The ledger index of the entry that released it. */
  readonly index: number;
}

/** One commit that gave a release's content. */
export interface ReleaseSource {
  readonly commit: string;
  readonly dirty: boolean;
  readonly repository?: string;
  readonly time: Instant;
  readonly actor: string;
  readonly index: number;
}

/** Releases and their sources are never taken back, so their rows carry only the ledger index they hold from. */
export const releasesFold: Fold = {
  room: 'releases',
  version: 1,
  tables: [
    `CREATE TABLE releases_releases (service TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,
     build TEXT NOT NULL, build_kind TEXT NOT NULL, config TEXT, time TEXT NOT NULL, actor TEXT NOT NULL,
     from_index INTEGER NOT NULL, PRIMARY KEY (service, number)) STRICT, WITHOUT ROWID`,
    'CREATE UNIQUE INDEX releases_by_digest ON releases_releases (digest)',
    `CREATE TABLE releases_sources (digest TEXT NOT NULL, commit_id TEXT NOT NULL, dirty INTEGER NOT NULL,
     repository TEXT, time TEXT NOT NULL, actor TEXT NOT NULL, from_index INTEGER NOT NULL,
     PRIMARY KEY (digest, from_index)) STRICT, WITHOUT ROWID`,
  ],
  on: [
    on(releaseMade, ({ index, entry }, views) => {
      const { data } = entry;
      views.run(
        `INSERT INTO releases_releases (service, number, digest, build, build_kind, config, time, actor, from_index)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        data.service,
        data.number,
        data.digest,
        data.build,
        data.buildKind,
        data.config ?? null,
        entry.time,
        entry.actor,
        index,
      );
      if (data.source !== undefined) addSource(views, data.digest, data.source, index, entry);
    }),
    on(releaseSourced, ({ index, entry }, views) => {
      addSource(views, entry.data.digest, entry.data.source, index, entry);
    }),
  ],
};

function addSource(
  views: ViewWriter,
  digest: Digest,
  source: RecordedSource,
  index: number,
  { time, actor }: { time: Instant; actor: string },
): void {
  views.run(
    `INSERT INTO releases_sources (digest, commit_id, dirty, repository, time, actor, from_index)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    digest,
    source.commit,
    source.dirty ? 1 : 0,
    source.repository ?? null,
    time,
    actor,
    index,
  );
}

interface ReleaseRow extends Omit<Release, 'config'> {
  readonly config: Digest | null;
}

const releaseColumns =
  'service, number, digest, build, build_kind AS buildKind, config, time AS released, actor, from_index AS "index"';

function fromRow(row: ReleaseRow | undefined): Release | undefined {
  if (row === undefined) return undefined;
  const { config, ...rest } = row;
  return config === null ? rest : { ...rest, config };
}

/** The release with this index digest; undefined when no entry released it. */
export function releaseOf(views: ViewReader, digest: string): Release | undefined {
  return fromRow(views.get(`SELECT ${releaseColumns} FROM releases_releases WHERE digest = ?`, digest));
}

/** `checkout r57`; undefined when the service has no release of this number. */
export function releaseByNumber(views: ViewReader, service: string, number: number): Release | undefined {
  return fromRow(
    views.get(`SELECT ${releaseColumns} FROM releases_releases WHERE service = ? AND number = ?`, service, number),
  );
}

/** Releases of a service, newest first. */
export function releasesOf(views: ViewReader, service: string, limit = 50): Release[] {
  return views
    .all<ReleaseRow>(
      `SELECT ${releaseColumns} FROM releases_releases WHERE service = ? ORDER BY number DESC LIMIT ?`,
      service,
      limit,
    )
    .flatMap((row) => fromRow(row) ?? []);
}

/** The number of the latest release of a service; 0 when there is none. */
export function latestNumber(views: ViewReader, service: string): number {
  return (
    views.get<{ number: number | null }>(
      'SELECT max(number) AS number FROM releases_releases WHERE service = ?',
      service,
    )?.number ?? 0
  );
}

/** Every commit that gave a release's content, in order of recording. */
export function sourcesOf(views: ViewReader, digest: string): ReleaseSource[] {
  return views.all<SourceRow>(`${selectSources} WHERE digest = ? ORDER BY from_index`, digest).map(sourceFromRow);
}

/** The latest commit that gave a release's content, as far as `asOf` tells; undefined when none was named. */
export function commitOf(views: ViewReader, digest: string, asOf?: AsOf): ReleaseSource | undefined {
  const bound = asOf === undefined ? '' : 'AND time <= ? AND from_index < ?';
  const row = views.get<SourceRow>(
    `${selectSources} WHERE digest = ? ${bound} ORDER BY from_index DESC LIMIT 1`,
    digest,
    ...(asOf === undefined ? [] : [asOf.time, asOf.size]),
  );
  return row === undefined ? undefined : sourceFromRow(row);
}

interface SourceRow extends Omit<ReleaseSource, 'dirty' | 'repository'> {
  readonly dirty: number;
  readonly repository: string | null;
}

const selectSources =
  'SELECT commit_id AS "commit", dirty, repository, time, actor, from_index AS "index" FROM releases_sources';

function sourceFromRow({ dirty, repository, ...row }: SourceRow): ReleaseSource {
  return { ...row, dirty: dirty === 1, ...(repository === null ? {} : { repository }) };
}
