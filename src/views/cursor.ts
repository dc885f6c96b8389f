import type { Digest } from '#kernel';
import type { ViewReader, ViewWriter } from './reader.ts';

/** How far the views have been folded, of which ledger, and by which folds. Changes in the same transaction as the rows. */
export interface Cursor {
  /** The index of the next entry to fold. */
  readonly size: number;
  /** The id of the last entry folded; empty at size 0. Tells another ledger of the same origin apart. */
  readonly lastId: string;
  /** Digest over all folds: rooms, versions, tables. */
  readonly folds: Digest;
  readonly origin: string;
}

export const cursorTable = `CREATE TABLE IF NOT EXISTS views_meta (one INTEGER PRIMARY KEY CHECK (one = 1),
  size INTEGER NOT NULL, last_id TEXT NOT NULL, folds TEXT NOT NULL, origin TEXT NOT NULL) STRICT`;

export function readCursor(views: ViewReader): Cursor | undefined {
  return views.get<{ size: number; lastId: string; folds: Digest; origin: string }>(
    'SELECT size, last_id AS lastId, folds, origin FROM views_meta',
  );
}

export function writeCursor(views: ViewWriter, { size, lastId, folds, origin }: Cursor): void {
  views.run(
    'INSERT OR REPLACE INTO views_meta (one, size, last_id, folds, origin) VALUES (1, ?, ?, ?, ?)',
    size,
    lastId,
    folds,
    origin,
  );
}

/** How many entries the views hold. */
export function foldedSize(views: ViewReader): number {
  return views.get<{ size: number }>('SELECT size FROM views_meta')?.size ?? 0;
}
