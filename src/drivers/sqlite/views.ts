import type { Column, Row, ViewDatabase, ViewReader, ViewSource } from '#views';
import { Statements } from './statements.ts';

/**
 * Opens the views for the one who folds. WAL, so that readers never wait; `synchronous=NORMAL`, because what a power
 * failure takes is folded again from the ledger. What a savepoint may put back is held in memory (`temp_store`): on
 * disk it costs more than the rows it guards. Checkpoints are rare, as each is an fsync that a commit waits for; the
 * log grows to 32 MB. `:memory:` gives views that live as long as the connection.
 * @throws FixityError `storage-failed` when the file cannot be opened.
 */
export function openViewDatabase(path: string): ViewDatabase {
  const statements = new Statements(path, 'the views');
  statements.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000;
     PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY`,
  );
  return {
    get: (sql, ...parameters) => statements.get(sql, ...parameters),
    all: (sql, ...parameters) => statements.all(sql, ...parameters),
    run: (sql, ...parameters) => void statements.run(sql, ...parameters),
    exec: (sql) => statements.exec(sql),
    iterate: (sql) => statements.iterate(sql),
    get inTransaction() {
      return statements.database.isTransaction;
    },
    close: () => statements.close(),
  };
}

/**
 * Opens a read-only connection to views that `openViewDatabase` made and maybe another thread writes.
 * @throws FixityError `storage-failed` when there are none.
 */
export function openViewReader(path: string): ViewSource {
  return new SqliteViewSource(path);
}

class SqliteViewSource implements ViewSource {
  readonly #statements: Statements;

  constructor(path: string) {
    this.#statements = new Statements(path, 'the views', { readOnly: true });
    this.#statements.exec('PRAGMA cache_size = -32768');
  }

  get<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R | undefined {
    return this.#statements.get<R>(sql, ...parameters);
  }

  all<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R[] {
    return this.#statements.all<R>(sql, ...parameters);
  }

  snapshot<T>(read: (views: ViewReader) => T): T {
    this.#statements.run('BEGIN');
    try {
      return read(this);
    } finally {
      this.#statements.run('COMMIT');
    }
  }

  close(): void {
    this.#statements.close();
  }
}
