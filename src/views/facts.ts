import type { Instant } from '#kernel';
import type { Column, ViewReader, ViewWriter } from './reader.ts';

/**
 * Which past is asked about: what held at `time`, as far as the first `size` entries of the ledger tell (known-at).
 */
export interface AsOf {
  readonly time: Instant;
  readonly size: number;
}

/** The row that holds a fact, with the ledger indexes it is held from and until (null: still) in order of recording. */
export type FactRow<C extends string> = { readonly [column in C]: Column } & {
  readonly key: string;
  readonly time: Instant;
  readonly from_index: number;
  readonly until_index: number | null;
};

/**
 * Facts about keys over two times. Among the facts about one key the one with the latest `time` at or before T holds
 * at T; equal times go by ledger index (design section 4). Rows are only ever added, so every past can be asked about.
 */
export interface Facts<C extends string> {
  readonly tables: readonly string[];
  record(views: ViewWriter, fact: { key: string; time: Instant; index: number; values: Record<C, Column> }): void;
  /** The fact that holds now: the latest `time` of all that is known. */
  now(views: ViewReader, key: string): FactRow<C> | undefined;
  at(views: ViewReader, key: string, asOf: AsOf): FactRow<C> | undefined;
  /** Facts whose `time` lies in [from, until), in order of time, then index. */
  between(views: ViewReader, key: string, from: Instant, until: Instant, size: number): FactRow<C>[];
  /** Every key that ever had a fact, in order, optionally only those starting with a prefix. */
  keys(views: ViewReader, prefix?: string): string[];
}

/** Declares a fact table. `columns` maps names to SQLite types, for example `{ digest: 'TEXT', number: 'INTEGER' }`. */
export function facts<C extends string>(table: string, columns: Readonly<Record<C, string>>): Facts<C> {
  const names = Object.keys(columns) as C[];
  const marks = names.map(() => '?').join(', ');
  const select = `SELECT key, time, from_index, until_index, ${names.join(', ')} FROM ${table}`;
  return {
    tables: [
      `CREATE TABLE ${table} (key TEXT NOT NULL, time TEXT NOT NULL, from_index INTEGER NOT NULL, until_index INTEGER, ${names
        .map((name) => `${name} ${columns[name]}`)
        .join(', ')}, PRIMARY KEY (key, time, from_index)) STRICT, WITHOUT ROWID`,
      `CREATE INDEX ${table}_open ON ${table} (key) WHERE until_index IS NULL`,
    ],
    record(views, { key, time, index, values }) {
      views.run(`UPDATE ${table} SET until_index = ? WHERE key = ? AND until_index IS NULL`, index, key);
      views.run(
        `INSERT INTO ${table} (key, time, from_index, until_index, ${names.join(', ')}) VALUES (?, ?, ?, NULL, ${marks})`,
        key,
        time,
        index,
        ...names.map((name) => values[name]),
      );
    },
    now: (views, key) => views.get(`${select} WHERE key = ? ORDER BY time DESC, from_index DESC LIMIT 1`, key),
    at: (views, key, asOf) =>
      views.get(
        `${select} WHERE key = ? AND time <= ? AND from_index < ? ORDER BY time DESC, from_index DESC LIMIT 1`,
        key,
        asOf.time,
        asOf.size,
      ),
    between: (views, key, from, until, size) =>
      views.all(
        `${select} WHERE key = ? AND time >= ? AND time < ? AND from_index < ? ORDER BY time, from_index`,
        key,
        from,
        until,
        size,
      ),
    keys: (views, prefix = '') =>
      views
        .all<{ key: string }>(
          `SELECT DISTINCT key FROM ${table} WHERE key >= ? AND key < ? ORDER BY key`,
          prefix,
          `${prefix}\u{10ffff}`,
        )
        .map((row) => row.key),
  };
}
