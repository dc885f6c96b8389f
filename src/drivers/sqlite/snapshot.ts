import { constants, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { FixityError } from '#kernel';
import type { Column, Row } from '#views';
import { storageFailure } from './failure.ts';

/** Primary codes that tell of the way to the file and not of what is in it: SQLITE_PERM, BUSY, LOCKED, NOMEM, READONLY, CANTOPEN, AUTH. */
const outside = new Set([3, 5, 6, 7, 8, 14, 23]);

/**
 * A database as of one moment, read without leaving a trace: neither the file nor its log nor its shared memory is
 * written or made, while a server writes it, after one was killed, and after one was stopped.
 *
 * Everything throws FixityError `tampered` where the file is damaged, `storage-failed` where it cannot be reached.
 */
export class Snapshot {
  readonly #what: string;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #database: DatabaseSync;
  #copy: string | undefined;

  constructor(path: string, what: string) {
    this.#what = what;
    this.#database = this.#guarded(() => new DatabaseSync(this.#address(path), { readOnly: true, timeout: 5_000 }));
    try {
      this.#guarded(() => this.#database.exec('PRAGMA cache_size = -65536; BEGIN'));
      // A transaction sees the state at its first read.
      this.get('SELECT count(*) FROM sqlite_schema');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R | undefined {
    return this.#guarded(() => this.#statement(sql).get(...parameters) as R | undefined);
  }

  all<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R[] {
    return this.#guarded(() => this.#statement(sql).all(...parameters) as R[]);
  }

  *iterate<R extends object = Row>(sql: string): Generator<R> {
    const rows = this.#guarded(() => this.#database.prepare(sql).iterate());
    for (;;) {
      const { done, value } = this.#guarded(() => rows.next());
      if (done === true) return;
      yield value as R;
    }
  }

  /** SQLite's own check of pages, rows, constraints and indexes (https://sqlite.org/pragma.html#pragma_integrity_check). */
  faults(): string[] {
    return this.all<{ integrity_check: string }>('PRAGMA integrity_check(20)')
      .flatMap(({ integrity_check: found }) => found.split('\n'))
      .filter((found) => found !== 'ok' && !found.startsWith('*** in database'));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
    if (this.#copy !== undefined) rmSync(this.#copy, { recursive: true, force: true });
  }

  /**
   * Without a log the file is at rest, and nothing may be made beside it. With a log and its shared memory both are only
   * read. A log alone, in a copied folder, is read in a copy, because reading it would make the shared memory.
   */
  #address(path: string): string {
    const log = `${path}-wal`;
    if (!existsSync(log)) return `${pathToFileURL(path).href}?immutable=1`;
    if (existsSync(`${path}-shm`)) return `${pathToFileURL(path).href}?mode=ro&readonly_shm=1`;
    this.#copy = mkdtempSync(join(tmpdir(), 'fixity-snapshot-'));
    const copied = join(this.#copy, basename(path));
    for (const [from, to] of [
      [path, copied],
      [log, `${copied}-wal`],
    ] as const) {
      copyFileSync(from, to, constants.COPYFILE_FICLONE);
    }
    return copied;
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const code = (error as { errcode?: unknown } | null)?.errcode;
      if (typeof code === 'number' && outside.has(code & 0xff)) throw storageFailure(error, this.#what);
      if (error instanceof Error && 'syscall' in error) throw storageFailure(error, this.#what);
      // The rest is what the file holds: no database, a page out of place, a value out of range, a table that is not there.
      const message = error instanceof Error ? error.message : String(error);
      throw new FixityError('tampered', message, { cause: error });
    }
  }
}
