import type { Head, LedgerReadStorage } from '#ledger';
import {
  type Column,
  type Fold,
  foldedTables,
  type Row,
  readCursor,
  rowDigest,
  type ViewDatabase,
  ViewMachine,
} from '#views';
import { type Findings, grouped } from './findings.ts';
import type { LedgerInspection, ViewInspection } from './ports.ts';
import { describeWrongByte, firstDifference } from './wrong-byte.ts';

export interface ViewCheckOptions {
  readonly ledger: LedgerInspection;
  readonly head: Head | undefined;
  readonly views: ViewInspection;
  /** Empty and temporary: the views are folded into it from the beginning. */
  readonly fresh: ViewDatabase;
  readonly folds: readonly Fold[];
  readonly origin: string;
}

/** How many tables were compared, and what is worth telling although nothing is wrong. */
export interface ViewResult {
  readonly tables: number;
  readonly lines: readonly string[];
}

/** Folds the ledger from the beginning as far as the stored views say they are, and compares every row. */
export async function checkViews(options: ViewCheckOptions, findings: Findings): Promise<ViewResult> {
  const { views, fresh, ledger, head, folds, origin } = options;
  const size = head?.size ?? 0;
  const tables = foldedTables(views);
  const begun = views.get(`SELECT 1 FROM sqlite_schema WHERE name = 'views_meta'`) !== undefined;
  const cursor = begun ? readCursor(views) : undefined;
  if (cursor === undefined) {
    if (tables.length > 0) findings.add('views.db: does not say how far it was folded');
    return { tables: 0, lines: ['views: none yet, the next start folds them'] };
  }
  if (cursor.size > size) {
    findings.add(`ledger: ends at ${grouped(size)} entries, the views hold ${grouped(cursor.size)}`);
    return { tables: tables.length, lines: [] };
  }
  const machine = new ViewMachine({ database: fresh, folds, origin });
  await machine.start(ledgerUpTo(ledger, head, cursor.size));
  const due = readCursor(fresh);
  if (due?.folds !== cursor.folds) {
    return { tables: 0, lines: ['views: of another version of Fixity, the next start folds them anew'] };
  }
  if (due.lastId !== cursor.lastId)
    findings.add(`views.db, views_meta: entry ${cursor.size - 1} is not the last folded`);
  if (due.origin !== cursor.origin) findings.add(`views.db, views_meta: of ${cursor.origin}, not of ${origin}`);
  if (rowDigest(views) !== machine.rowDigest()) compareTables(views, fresh, findings);
  const behind = size - cursor.size;
  return {
    tables: tables.length,
    lines: behind === 0 ? [] : [`views: ${grouped(behind)} entries behind, the next start folds them`],
  };
}

function ledgerUpTo(
  ledger: LedgerInspection,
  head: Head | undefined,
  size: number,
): Pick<LedgerReadStorage, 'head' | 'leaves'> {
  return {
    head: () => Promise.resolve(head && { ...head, size }),
    leaves: (from, to) => Promise.resolve(ledger.rows(from, Math.min(to, size)).map(({ leaf }) => leaf)),
  };
}

function compareTables(stored: ViewInspection, fresh: ViewDatabase, findings: Findings): void {
  const before = findings.count;
  const due = foldedTables(fresh);
  const is = foldedTables(stored);
  for (const table of is) if (!due.includes(table)) findings.add(`views.db, ${table}: no such table is due`);
  for (const table of due) {
    if (is.includes(table)) compareRows(table, stored, fresh, findings);
    else findings.add(`views.db, ${table}: missing`);
  }
  if (findings.count === before) findings.add('views.db: its rows are not what the ledger folds to');
}

/** Names the first row that differs. */
function compareRows(table: string, stored: ViewInspection, fresh: ViewDatabase, findings: Findings): void {
  const order = orderOf(table, fresh);
  if (orderOf(table, stored).select !== order.select) {
    findings.add(`views.db, ${table}: has other columns than are due`);
    return;
  }
  const rows = stored.iterate(order.select)[Symbol.iterator]();
  let number = 0;
  let told = false;
  // Both sides are read to their end: a statement left half-way would hold its database.
  for (const was of fresh.iterate(order.select)) {
    const next = rows.next();
    number += 1;
    if (told) continue;
    const is = next.done === true ? undefined : next.value;
    const difference = differenceOf(is, was, order.keys, (row) => holds(fresh, table, order.keys, row));
    if (difference === undefined) continue;
    told = true;
    findings.add(`views.db, ${table}, row ${number} ${difference}`);
  }
  for (let rest = rows.next(); rest.done !== true; rest = rows.next()) {
    number += 1;
    if (!told) findings.add(`views.db, ${table}, row ${number} (${named(rest.value, order.keys)}): is not due`);
    told = true;
  }
}

function holds(views: Pick<ViewDatabase, 'all'>, table: string, keys: readonly string[], row: Row): boolean {
  const where = keys.map((key) => `"${key}" = ?`).join(' AND ');
  return views.all(`SELECT 1 FROM "${table}" WHERE ${where}`, ...keys.map((key) => row[key] ?? null)).length > 0;
}

/** The rows in the order of their primary key, or of all columns where there is none. */
function orderOf(
  table: string,
  views: Pick<ViewDatabase, 'all'>,
): { readonly select: string; readonly keys: readonly string[] } {
  const columns = views.all<{ name: string; pk: number }>(`SELECT name, pk FROM pragma_table_info('${table}')`);
  const keys = columns.filter(({ pk }) => pk > 0).toSorted((one, other) => one.pk - other.pk);
  const order = (keys.length > 0 ? keys : columns).map(({ name }) => `"${name}"`).join(', ');
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  return { select: `SELECT ${names} FROM "${table}" ORDER BY ${order}`, keys: keys.map(({ name }) => name) };
}

/** @param isDue whether a row with this key is due somewhere in the table: then another is missing before it. */
function differenceOf(
  is: Row | undefined,
  was: Row,
  keys: readonly string[],
  isDue: (row: Row) => boolean,
): string | undefined {
  const column = is && Object.keys(was).find((name) => !same(is[name] ?? null, was[name] ?? null));
  if (is !== undefined && column === undefined) return undefined;
  const shifted = column !== undefined && keys.includes(column) && isDue(is ?? was);
  if (is === undefined || column === undefined || shifted) return `(${named(was, keys)}): missing`;
  const [now, before] = [is[column] ?? null, was[column] ?? null];
  const numbers = typeof now === 'number' && typeof before === 'number';
  const where = numbers ? ` is ${now}, was ${before}` : ' is not what the ledger says';
  const bytes = numbers || now === null || before === null ? undefined : firstDifference(bytesOf(now), bytesOf(before));
  return `(${named(was, keys)}): ${column}${where}${describeWrongByte(bytes)}`;
}

function same(one: Column, other: Column): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  return one === other;
}

function bytesOf(value: Column): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(String(value), 'utf8');
}

function named(row: Row, keys: readonly string[]): string {
  const columns = keys.length > 0 ? keys : Object.keys(row).slice(0, 2);
  return columns
    .map((column) => String(row[column]))
    .join(', ')
    .slice(0, 120);
}
