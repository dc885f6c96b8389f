import { createHash, type Hash } from 'node:crypto';
import { type Digest, digestFromBytes } from '#kernel';
import type { ViewDatabase } from './database.ts';
import type { Column, Row } from './reader.ts';

/**
 * SHA-256 over every row of every folded table. Two views folded from the same entries have the same row digest,
 * however the entries were grouped. Tables go by name; rows by their primary key, or by all columns where there is
 * none; each value is written with its type and length, so that no two contents share an encoding.
 */
export function rowDigest(database: Pick<ViewDatabase, 'all' | 'iterate'>): Digest {
  const hash = createHash('sha256').update('fixity-views-v1\n');
  for (const table of foldedTables(database)) {
    const columns = database.all<{ name: string; pk: number }>(`SELECT name, pk FROM pragma_table_info('${table}')`);
    const keys = columns.filter((column) => column.pk > 0).toSorted((a, b) => a.pk - b.pk);
    const order = keys.length > 0 ? keys : columns;
    const names = columns.map(quoted).join(', ');
    writeText(hash, 'T', `${table}(${names})`);
    for (const row of database.iterate(
      `SELECT ${names} FROM ${quoted({ name: table })} ORDER BY ${order.map(quoted).join(', ')}`,
    )) {
      writeRow(hash, row);
    }
  }
  return digestFromBytes(hash.digest());
}

/** The tables that folds made, by name: all but the cursor's. */
export function foldedTables(database: Pick<ViewDatabase, 'all'>): string[] {
  return database
    .all<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       AND name <> 'views_meta' ORDER BY name`,
    )
    .map((row) => row.name);
}

function quoted({ name }: { name: string }): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function writeRow(hash: Hash, row: Row): void {
  hash.update('R');
  for (const value of Object.values(row)) writeValue(hash, value);
}

function writeValue(hash: Hash, value: Column): void {
  if (value === null) hash.update('N');
  else if (typeof value === 'string') writeText(hash, 'S', value);
  else if (value instanceof Uint8Array) hash.update(`B${value.length}:`).update(value);
  else writeText(hash, 'I', String(value));
}

function writeText(hash: Hash, tag: string, text: string): void {
  hash.update(`${tag}${Buffer.byteLength(text)}:${text}`);
}
