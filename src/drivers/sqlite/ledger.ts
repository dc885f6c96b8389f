import { existsSync } from 'node:fs';
import { canonicalJson, digestOf, FixityError, type Instant, type Json } from '#kernel';
import type { Batch, Head, LedgerReadStorage, LedgerStorage, RecordedCommand } from '#ledger';
import { Statements } from './statements.ts';

const tables = `
  CREATE TABLE IF NOT EXISTS leaf (
    position INTEGER PRIMARY KEY, recordedtime TEXT NOT NULL, subject TEXT NOT NULL, version INTEGER NOT NULL,
    leaf BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS leaf_version ON leaf (subject, version);
  CREATE INDEX IF NOT EXISTS leaf_recorded ON leaf (recordedtime);
  CREATE TABLE IF NOT EXISTS tile (place INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS command (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, answer TEXT NOT NULL, first_position INTEGER NOT NULL,
    count INTEGER NOT NULL, checksum TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS head (
    one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, root BLOB NOT NULL, checkpoint TEXT NOT NULL,
    recordedtime TEXT NOT NULL) STRICT;
`;

/**
 * Opens `ledger.db` for its one writer, making it at first. WAL with `synchronous=FULL`: an append costs one fsync and is
 * durable when it returns. @throws FixityError `storage-failed` when it cannot be opened.
 */
export function openSqliteLedger(path: string, statements = new Statements(path, 'the ledger')): LedgerStorage {
  statements.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; ${tables}`);
  return new SqliteLedger(statements);
}

/** Opens a ledger that another thread or process writes. @throws FixityError `not-found` when there is none. */
export function openSqliteLedgerReader(path: string): LedgerReadStorage {
  if (!existsSync(path)) {
    throw new FixityError('not-found', `there is no ledger at ${path}`, {
      next: ['give the data folder of a server that was started at least once'],
    });
  }
  return new SqliteLedgerReader(new Statements(path, 'the ledger', { readOnly: true }));
}

class SqliteLedgerReader implements LedgerReadStorage {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  head(): Promise<Head | undefined> {
    return answer(() =>
      this.#statements.get<Head>('SELECT size, root, checkpoint, recordedtime FROM head WHERE one = 1'),
    );
  }

  leaves(from: number, to: number): Promise<Uint8Array[]> {
    return answer(() =>
      this.#statements
        .all<{ leaf: Uint8Array }>(
          'SELECT leaf FROM leaf WHERE position >= ? AND position < ? ORDER BY position',
          from,
          to,
        )
        .map(({ leaf }) => leaf),
    );
  }

  tile(level: number, index: number): Promise<Uint8Array | undefined> {
    return answer(
      () =>
        this.#statements.get<{ hashes: Uint8Array }>('SELECT hashes FROM tile WHERE place = ?', place(level, index))
          ?.hashes,
    );
  }

  sizeAt(recorded: Instant): Promise<number> {
    const sql = 'SELECT position FROM leaf WHERE recordedtime <= ? ORDER BY recordedtime DESC, position DESC LIMIT 1';
    return answer(() => (this.#statements.get<{ position: number }>(sql, recorded)?.position ?? -1) + 1);
  }

  close(): void {
    if (this.#statements.database.isOpen) this.#statements.close();
  }
}

class SqliteLedger extends SqliteLedgerReader implements LedgerStorage {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    super(statements);
    this.#statements = statements;
  }

  commands(keys: readonly string[]): Promise<ReadonlyMap<string, RecordedCommand>> {
    const sql = 'SELECT key, request, answer, first_position AS firstIndex, count FROM command WHERE key = ?';
    return answer(() => {
      const rows = keys.map((key) => this.#statements.get<RecordedCommand & { answer: string }>(sql, key));
      const found = rows.filter((row) => row !== undefined);
      return new Map(found.map((row) => [row.key, { ...row, answer: JSON.parse(row.answer) as Json }]));
    });
  }

  append(batch: Batch): Promise<void> {
    return answer(() => {
      this.#statements.exec('BEGIN IMMEDIATE');
      try {
        this.#write(batch);
        this.#statements.exec('COMMIT');
      } catch (error) {
        // SQLite rolls back by itself on some failures, a full disk among them.
        if (this.#statements.database.isTransaction) this.#statements.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #write({ from, leaves, tiles, commands, head }: Batch): void {
    const size = this.#statements.get<{ size: number }>('SELECT size FROM head WHERE one = 1')?.size ?? 0;
    if (size !== from) {
      throw new FixityError(
        'data-locked',
        `the ledger holds ${size} entries, not ${from}: something else has written to it`,
        {
          next: ['stop every server that uses this data folder, then start one'],
        },
      );
    }
    for (const [offset, { leaf, subject, version, recordedtime }] of leaves.entries()) {
      const sql = 'INSERT INTO leaf (position, recordedtime, subject, version, leaf) VALUES (?, ?, ?, ?, ?)';
      const insert = () => this.#statements.run(sql, from + offset, recordedtime, subject, version, leaf);
      unique(insert, 'version-conflict', `${subject} has a version ${version} already`);
    }
    for (const { level, index, hashes } of tiles) {
      this.#statements.run('INSERT OR REPLACE INTO tile (place, hashes) VALUES (?, ?)', place(level, index), hashes);
    }
    for (const { key, request, answer: json, firstIndex, count } of commands) {
      const sql =
        'INSERT INTO command (key, request, answer, first_position, count, checksum) VALUES (?, ?, ?, ?, ?, ?)';
      const answer = JSON.stringify(json);
      const checksum = commandChecksum({ key, request, answer, firstIndex, count });
      const insert = () => this.#statements.run(sql, key, request, answer, firstIndex, count, checksum);
      unique(insert, 'command-reused', `the command "${key}" was recorded already`);
    }
    this.#statements.run(
      'INSERT OR REPLACE INTO head (one, size, root, checkpoint, recordedtime) VALUES (1, ?, ?, ?, ?)',
      head.size,
      head.root,
      head.checkpoint,
      head.recordedtime,
    );
  }
}

/** Level and index of a tile in one key: a level holds fewer than 2^46 tiles as long as a size is a safe integer. */
export const tileLevelSize = 2 ** 46;

function place(level: number, index: number): number {
  return level * tileLevelSize + index;
}

/** Commands are not in the signed tree: their rows carry a digest of their own, so that a damaged one is noticed. */
export function commandChecksum(row: {
  readonly key: string;
  readonly request: string;
  readonly answer: string;
  readonly firstIndex: number;
  readonly count: number;
}): string {
  return digestOf(canonicalJson([row.key, row.request, row.answer, row.firstIndex, row.count]));
}

const constraint = 19; // SQLITE_CONSTRAINT

function unique(insert: () => void, code: 'version-conflict' | 'command-reused', message: string): void {
  try {
    insert();
  } catch (error) {
    const reported = (error as { errcode?: unknown } | null)?.errcode;
    if (typeof reported !== 'number' || (reported & 0xff) !== constraint) throw error;
    throw new FixityError(code, message, { cause: error });
  }
}

/** SQLite answers at once; the port is asynchronous for databases that do not. */
function answer<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
