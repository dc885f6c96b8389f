import { type ChangedService, environmentEntries, type Revision, revisionByNumber } from '#environments';
import { observed } from '#fleet';
import type { Instant } from '#kernel';
import type { Basis, EntryCatalogue } from '#ledger';
import { rolloutById } from '#rollouts';
import { type AsOf, type Fold, facts, on, type ViewReader } from '#views';

const [revisionActivated] = environmentEntries;

/** Keys are `<environment>/<service>`: who asked for the state the service is in; `actor` is never `system:rollouts`. */
const stateFacts = facts('history_states', { actor: 'TEXT NOT NULL', revision: 'INTEGER NOT NULL' });

/** Which revisions have a digest: after a rollback there are several. */
const revisionTables = [
  `CREATE TABLE history_revisions (digest TEXT NOT NULL, environment TEXT NOT NULL, number INTEGER NOT NULL,
   PRIMARY KEY (digest, environment, number)) STRICT, WITHOUT ROWID`,
];

/**
 * Every entry by what it is about. `history_touches` leads from a subject or digest to the entries that touch it,
 * `history_changes` only to those that people looking for what changed should see, in order of time.
 */
export function historyFold(catalogue: EntryCatalogue): Fold {
  return {
    room: 'history',
    version: 1,
    tables: [
      ...stateFacts.tables,
      ...revisionTables,
      `CREATE TABLE history_entries (idx INTEGER PRIMARY KEY, time TEXT NOT NULL, recordedtime TEXT NOT NULL,
       type TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL, basis TEXT NOT NULL, change TEXT) STRICT`,
      'CREATE INDEX history_entries_subject ON history_entries (subject)',
      'CREATE INDEX history_entries_type ON history_entries (type)',
      'CREATE INDEX history_entries_actor ON history_entries (actor)',
      `CREATE TABLE history_touches (reference TEXT NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (reference, idx))
       STRICT, WITHOUT ROWID`,
      `CREATE TABLE history_changes (reference TEXT NOT NULL, time TEXT NOT NULL, idx INTEGER NOT NULL,
       PRIMARY KEY (reference, time, idx)) STRICT, WITHOUT ROWID`,
      `CREATE TABLE history_reports (node TEXT NOT NULL, time TEXT NOT NULL, idx INTEGER NOT NULL,
       PRIMARY KEY (node, time, idx)) STRICT, WITHOUT ROWID`,
    ],
    on: [
      on(revisionActivated, ({ index, entry: { time, actor, data } }, views) => {
        const rollout = data.rollout === undefined ? undefined : rolloutById(views, data.rollout);
        // The list in the entry is cut short when it is long; the plan names every service.
        const changed: readonly Pick<ChangedService, 'service'>[] = rollout?.services ?? data.changed;
        const values = { actor: rollout?.startedBy ?? actor, revision: data.number };
        views.run(
          'INSERT INTO history_revisions (digest, environment, number) VALUES (?, ?, ?)',
          data.digest,
          data.environment,
          data.number,
        );
        for (const { service } of changed) {
          stateFacts.record(views, { key: `${data.environment}/${service}`, time, index, values });
        }
      }),
      on(observed, ({ index, entry }, views) =>
        views.run('INSERT INTO history_reports (node, time, idx) VALUES (?, ?, ?)', entry.data.node, entry.time, index),
      ),
    ],
    every(recorded, views) {
      const { index, entry } = recorded;
      const { time, recordedtime, type, subject, actor, basis } = entry;
      const change = catalogue.change(recorded);
      views.run(
        `INSERT INTO history_entries (idx, time, recordedtime, type, subject, actor, basis, change)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        index,
        time,
        recordedtime,
        type,
        subject,
        actor,
        basis,
        change ?? null,
      );
      for (const reference of new Set([subject, ...catalogue.touches(recorded)])) {
        views.run('INSERT INTO history_touches (reference, idx) VALUES (?, ?)', reference, index);
        if (change === undefined) continue;
        views.run('INSERT INTO history_changes (reference, time, idx) VALUES (?, ?, ?)', reference, time, index);
      }
    },
  };
}

/** One entry without its data. */
export interface EntryRow {
  readonly index: number;
  readonly time: Instant;
  readonly recorded: Instant;
  readonly type: string;
  readonly subject: string;
  readonly actor: string;
  readonly basis: Basis;
  readonly change: string | null;
}

const columns = 'e.idx AS "index", e.time, e.recordedtime AS recorded, e.type, e.subject, e.actor, e.basis, e.change';

export function entryRow(views: ViewReader, index: number): EntryRow | undefined {
  return views.get(`SELECT ${columns} FROM history_entries e WHERE e.idx = ?`, index);
}

/** Which entries are asked for; what is absent does not matter. */
export interface EntryFilter {
  readonly subject?: string | undefined;
  /** A subject or whole digest. */
  readonly touches?: string | undefined;
  readonly type?: string | undefined;
  readonly actor?: string | undefined;
}

/** Entries before the index `before`, newest first. */
export function entriesBefore(views: ViewReader, filter: EntryFilter, before: number, limit: number): EntryRow[] {
  const { touches } = filter;
  const given = (['subject', 'type', 'actor'] as const).flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [{ sql: `AND e.${name} = ?`, value }];
  });
  const where = given.map(({ sql }) => sql).join(' ');
  const values = given.map(({ value }) => value);
  if (touches === undefined) {
    const sql = `SELECT ${columns} FROM history_entries e WHERE e.idx < ? ${where} ORDER BY e.idx DESC LIMIT ?`;
    return views.all(sql, before, ...values, limit);
  }
  return views.all(
    `SELECT ${columns} FROM history_touches t CROSS JOIN history_entries e ON e.idx = t.idx
     WHERE t.reference = ? AND t.idx < ? ${where} ORDER BY t.idx DESC LIMIT ?`,
    touches,
    before,
    ...values,
    limit,
  );
}

/** A stretch of time, `until` excluded, as far as the first `size` entries tell. */
export interface Window {
  readonly since: Instant;
  readonly until: Instant;
  readonly size: number;
}

/** Changes that touch a subject, in order of time, then index; with `also`, only those that touch that as well. */
export function changesTouching(views: ViewReader, reference: string, window: Window, also?: string): EntryRow[] {
  const both =
    also === undefined ? '' : 'AND EXISTS (SELECT 1 FROM history_touches t WHERE t.reference = ? AND t.idx = c.idx)';
  return views.all(
    `SELECT ${columns} FROM history_changes c CROSS JOIN history_entries e ON e.idx = c.idx
     WHERE c.reference = ? AND c.time >= ? AND c.time < ? AND c.idx < ? ${both} ORDER BY c.time, c.idx`,
    reference,
    window.since,
    window.until,
    window.size,
    ...(also === undefined ? [] : [also]),
  );
}

/** Whether any entry touches this. */
export function isTouched(views: ViewReader, reference: string): boolean {
  return views.get('SELECT 1 FROM history_touches WHERE reference = ? LIMIT 1', reference) !== undefined;
}

/** Digests that entries touch and that start with these hex digits, in order; one look-up for each. */
export function digestsWithPrefix(views: ViewReader, hex: string, limit: number): string[] {
  const found: string[] = [];
  let [after, compare] = [`sha256:${hex}`, '>='];
  while (found.length < limit) {
    const row = views.get<{ reference: string | null }>(
      `SELECT min(reference) AS reference FROM history_touches WHERE reference ${compare} ? AND reference < ?`,
      after,
      `sha256:${hex}g`,
    );
    if (typeof row?.reference !== 'string') break;
    found.push(row.reference);
    [after, compare] = [row.reference, '>'];
  }
  return found;
}

/** Who asked for the state a service is in, and since when it is in it. */
export function stateOf(
  views: ViewReader,
  environment: string,
  service: string,
  asOf: AsOf,
): { readonly actor: string; readonly since: Instant; readonly revision: number; readonly index: number } | undefined {
  const row = stateFacts.at(views, `${environment}/${service}`, asOf);
  if (row === undefined) return undefined;
  return { actor: String(row.actor), since: row.time, revision: Number(row.revision), index: row.from_index };
}

/** When a node's last report on the ledger was made. */
export function lastReportAt(views: ViewReader, node: string, { time, size }: AsOf): Instant | undefined {
  return views.get<{ time: Instant }>(
    'SELECT time FROM history_reports WHERE node = ? AND time <= ? AND idx < ? ORDER BY time DESC LIMIT 1',
    node,
    time,
    size,
  )?.time;
}

/** Who recorded the latest entry of a type on a subject. */
export function latestActor(views: ViewReader, subject: string, type: string, size: number): string | undefined {
  return entriesBefore(views, { subject, type }, size, 1)[0]?.actor;
}

/** The revisions with this digest, the latest of each environment first. */
export function revisionsWith(views: ViewReader, digest: string): Revision[] {
  return views
    .all<{ environment: string; number: number }>(
      'SELECT environment, number FROM history_revisions WHERE digest = ? ORDER BY environment, number DESC LIMIT 50',
      digest,
    )
    .flatMap(({ environment, number }) => revisionByNumber(views, environment, number) ?? []);
}
