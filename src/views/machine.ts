import { canonicalJson, type Digest, digestOf, FixityError } from '#kernel';
import type { Entry, LedgerReadStorage, Recorded } from '#ledger';
import { type Cursor, cursorTable, readCursor, writeCursor } from './cursor.ts';
import type { ViewDatabase } from './database.ts';
import type { Fold, Handler } from './fold.ts';
import type { ViewReader } from './reader.ts';
import { foldedTables, rowDigest } from './row-digest.ts';
import { subjectsFold } from './subjects.ts';

/** How many entries are folded per transaction while catching up. */
const chunk = 4_096;

export interface ViewMachineOptions {
  readonly database: ViewDatabase;
  /** Folds of all rooms, in the order of the rooms; the foundation's own comes first by itself. */
  readonly folds: readonly Fold[];
  /** The ledger's origin: views of another ledger are rebuilt, not continued. */
  readonly origin: string;
}

/** What a start found and did. */
export interface CatchUp {
  readonly rebuilt: boolean;
  /** Entries folded by this start. */
  readonly folded: number;
}

/**
 * Folds entries into tables, every room's fold in order, knowing no entry type. Deterministic: the same entries give
 * the same rows. One writer uses it: `begin`, then `apply` within `savepoint`s, then `commit` or `rollback`.
 */
export class ViewMachine {
  /** Reads the tables, including what was applied and not yet committed. */
  readonly reader: ViewReader;
  readonly #database: ViewDatabase;
  readonly #folds: readonly Fold[];
  readonly #every: readonly NonNullable<Fold['every']>[];
  readonly #handlers = new Map<string, Handler[]>();
  readonly #origin: string;
  readonly #version: Digest;
  #size = 0;
  #lastId = '';

  constructor({ database, folds, origin }: ViewMachineOptions) {
    this.#database = database;
    this.#folds = [subjectsFold, ...folds];
    this.#origin = origin;
    this.#version = versionOf(this.#folds);
    this.#every = this.#folds.flatMap((fold) => fold.every ?? []);
    for (const handler of this.#folds.flatMap((fold) => fold.on)) {
      this.#handlers.set(handler.type, [...(this.#handlers.get(handler.type) ?? []), handler]);
    }
    this.reader = { get: database.get.bind(database), all: database.all.bind(database) };
  }

  /** How many entries the tables hold, the uncommitted included. */
  get size(): number {
    return this.#size;
  }

  /**
   * Opens the tables and folds what the ledger has beyond the cursor. Begins anew when the folds changed, when the
   * cursor belongs to another or a longer ledger, or when `rebuild` is asked. An interrupted start goes on next time.
   */
  async start(
    ledger: Pick<LedgerReadStorage, 'head' | 'leaves'>,
    { rebuild = false }: { readonly rebuild?: boolean } = {},
  ): Promise<CatchUp> {
    this.#database.exec(cursorTable);
    const cursor = readCursor(this.#database);
    const continues = !rebuild && cursor !== undefined && (await this.#continues(cursor, ledger));
    if (continues) {
      this.#size = cursor.size;
      this.#lastId = cursor.lastId;
    } else {
      this.#empty();
    }
    const folded = await this.#fold(ledger);
    return { rebuilt: !continues, folded };
  }

  begin(): void {
    this.#database.exec('BEGIN IMMEDIATE');
  }

  /** Folds entries in the order of the ledger. A fold that throws leaves its savepoint (or transaction) to be undone. */
  apply(recorded: readonly Recorded[]): void {
    for (const one of recorded) {
      if (one.index !== this.#size) {
        throw new FixityError('internal', `the views hold ${this.#size} entries and cannot fold entry ${one.index}`);
      }
      for (const handler of this.#handlers.get(one.entry.type) ?? []) handler.apply(one, this.#database);
      for (const every of this.#every) every(one, this.#database);
      this.#size += 1;
      this.#lastId = one.entry.id;
    }
  }

  /** Runs `work` so that an error it throws undoes what it applied and nothing else, and is thrown on. */
  savepoint<T>(work: () => T): T {
    const [size, lastId] = [this.#size, this.#lastId];
    this.#database.run('SAVEPOINT one');
    try {
      const result = work();
      this.#database.run('RELEASE one');
      return result;
    } catch (error) {
      this.#size = size;
      this.#lastId = lastId;
      // A full or failing disk ends the whole transaction: then there is no savepoint left to go back to.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK TO one; RELEASE one');
      throw error;
    }
  }

  /** True while a transaction is open; false after the database ended it by itself. */
  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  commit(): void {
    this.#mark();
    this.#database.exec('COMMIT');
  }

  /** Forgets everything since `begin`; safe when the database already did. */
  rollback(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    const cursor = readCursor(this.#database);
    this.#size = cursor?.size ?? 0;
    this.#lastId = cursor?.lastId ?? '';
  }

  /** SHA-256 over all folded rows; see `row-digest.ts`. */
  rowDigest(): Digest {
    return rowDigest(this.#database);
  }

  async #continues(cursor: Cursor, ledger: Pick<LedgerReadStorage, 'head' | 'leaves'>): Promise<boolean> {
    if (cursor.folds !== this.#version || cursor.origin !== this.#origin) return false;
    if (cursor.size === 0) return true;
    const [last] = await ledger.leaves(cursor.size - 1, cursor.size);
    return last !== undefined && entryOf(last).id === cursor.lastId;
  }

  #empty(): void {
    this.begin();
    try {
      for (const table of foldedTables(this.#database)) this.#database.exec(`DROP TABLE "${table}"`);
      for (const statement of this.#folds.flatMap((fold) => fold.tables)) this.#database.exec(statement);
      this.#size = 0;
      this.#lastId = '';
      this.commit();
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  async #fold(ledger: Pick<LedgerReadStorage, 'head' | 'leaves'>): Promise<number> {
    const from = this.#size;
    const end = (await ledger.head())?.size ?? 0;
    while (this.#size < end) {
      const leaves = await ledger.leaves(this.#size, Math.min(end, this.#size + chunk));
      if (leaves.length === 0) {
        throw new FixityError('tampered', `the ledger's head says ${end} entries, entry ${this.#size} is not there`);
      }
      this.begin();
      try {
        this.apply(leaves.map((leaf, offset) => ({ index: this.#size + offset, entry: entryOf(leaf) })));
        this.commit();
      } catch (error) {
        this.rollback();
        throw error;
      }
    }
    return this.#size - from;
  }

  #mark(): void {
    writeCursor(this.#database, {
      size: this.#size,
      lastId: this.#lastId,
      folds: this.#version,
      origin: this.#origin,
    });
  }
}

/** Trusts the ledger's own storage: whether a leaf is what the signed root says is for `verify` to check. */
function entryOf(leaf: Uint8Array): Entry {
  return JSON.parse(Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('utf8')) as Entry;
}

/** Tables are part of it, so that a changed table rebuilds even where a room forgot to raise its version. */
function versionOf(folds: readonly Fold[]): Digest {
  return digestOf(canonicalJson(folds.map(({ room, version, tables }) => ({ room, version, tables }))));
}
