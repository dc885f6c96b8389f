import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Column, Row } from '#views';
import { storageFailure } from './failure.ts';

/** One connection whose statements stay prepared, by their text. */
export class Statements {
  readonly database: DatabaseSync;
  readonly #what: string;
  readonly #prepared = new Map<string, StatementSync>();

  /**
   * @param what names the file in errors, for example "the views".
   * @throws FixityError `storage-failed` when it cannot be opened.
   */
  constructor(path: string, what: string, options: { readonly readOnly?: boolean } = {}) {
    this.#what = what;
    this.database = this.guarded(() => new DatabaseSync(path, { ...options, timeout: 5_000 }));
  }

  get<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R | undefined {
    return this.guarded(() => this.#statement(sql).get(...parameters) as R | undefined);
  }

  all<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R[] {
    return this.guarded(() => this.#statement(sql).all(...parameters) as R[]);
  }

  run(sql: string, ...parameters: readonly Column[]): number {
    return this.guarded(() => Number(this.#statement(sql).run(...parameters).changes));
  }

  iterate(sql: string): Iterable<Row> {
    return this.guarded(() => this.#statement(sql).iterate() as Iterable<Row>);
  }

  exec(sql: string): void {
    this.guarded(() => this.database.exec(sql));
  }

  close(): void {
    this.#prepared.clear();
    this.database.close();
  }

  guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageFailure(error, this.#what);
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const made = this.database.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }
}
