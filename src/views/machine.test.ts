import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { z } from 'zod';
import { openViewDatabase, openViewReader } from '#drivers/sqlite';
import { canonicalBytes, FixityError, toInstant } from '#kernel';
import { defineEntry, type Entry, type Head, type Recorded } from '#ledger';
import {
  asOfIndex,
  asOfKnownAt,
  asOfNow,
  asOfTime,
  type Fold,
  facts,
  foldedSize,
  indexOfVersion,
  on,
  subjectVersion,
  ViewMachine,
} from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fixity-views-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = () => join(folder, `${++files}.db`);

const moved = defineEntry({
  type: 'dev.fixity.test.moved.v1',
  data: z.strictObject({ to: z.string() }),
  touches: () => [],
  says: ({ to }) => `moved to ${to}`,
});
const places = facts('test_places', { place: 'TEXT' });
const fold: Fold = {
  room: 'test',
  version: 1,
  tables: [...places.tables, 'CREATE TABLE test_counts (place TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT'],
  on: [
    on(moved, ({ index, entry }, views) => {
      if (entry.data.to === 'nowhere') throw new Error('there is no nowhere');
      places.record(views, { key: entry.subject, time: entry.time, index, values: { place: entry.data.to } });
      views.run('INSERT INTO test_counts VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1', entry.data.to);
    }),
  ],
};

/** A ledger of which only the leaves matter. */
class Leaves {
  readonly entries: Entry[] = [];
  readonly #versions = new Map<string, number>();

  add(subject: string, to: string, minute: number, recordedMinute: number): Recorded {
    const version = (this.#versions.get(subject) ?? 0) + 1;
    this.#versions.set(subject, version);
    const entry: Entry = {
      specversion: '1.0',
      id: `00000000-0000-7000-8000-${String(this.entries.length).padStart(12, '0')}`,
      source: 'test',
      type: moved.type,
      subject,
      time: at(minute),
      datacontenttype: 'application/json',
      data: { to },
      recordedtime: at(recordedMinute),
      subjectversion: String(version),
      actor: 'user:ana',
      basis: 'decided',
      commandid: 'c',
    };
    this.entries.push(entry);
    return { index: this.entries.length - 1, entry };
  }

  head = async (): Promise<Head> => ({
    size: this.entries.length,
    root: new Uint8Array(32),
    checkpoint: '',
    recordedtime: at(0),
  });

  leaves = async (from: number, to: number) => this.entries.slice(from, to).map((entry) => canonicalBytes(entry));

  sizeAt = async (recorded: string) => this.entries.filter((entry) => entry.recordedtime <= recorded).length;
}

function at(minute: number): string {
  return toInstant(Date.UTC(2026, 10, 22, 2, minute));
}

function open(path = ':memory:', folds: readonly Fold[] = [fold], origin = 'test') {
  const database = openViewDatabase(path);
  return { database, machine: new ViewMachine({ database, folds, origin }) };
}

const steps = fc.array(
  fc.record({
    node: fc.constantFrom('node/a', 'node/b', 'node/c'),
    to: fc.constantFrom('here', 'there'),
    late: fc.nat(30),
    next: fc.constantFrom('go on', 'commit', 'roll back and fold again', 'refuse another'),
  }),
  { maxLength: 40 },
);

test('a rebuild gives the same rows as folding in any groups, refused and rolled back ones included', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const ledger = new Leaves();
      const entries = all.map(({ node, to, late }, minute) => ledger.add(node, to, Math.max(0, minute - late), minute));
      const { machine, database } = open();
      await machine.start(new Leaves());
      machine.begin();
      let committed = 0;
      for (const [index, { next }] of all.entries()) {
        machine.savepoint(() => machine.apply(entries.slice(index, index + 1)));
        if (next === 'refuse another') {
          const other = new Leaves().add('node/x', 'nowhere', 0, 0);
          const refused = [{ ...other, index: index + 1 }];
          assert.throws(() => machine.savepoint(() => machine.apply(refused)), /no nowhere/);
        } else if (next === 'roll back and fold again') {
          machine.rollback();
          assert.equal(machine.size, committed);
          machine.begin();
          machine.apply(entries.slice(committed, index + 1));
        } else if (next === 'commit') {
          machine.commit();
          committed = index + 1;
          machine.begin();
        }
      }
      machine.commit();
      const rebuilt = open();
      assert.deepEqual(await rebuilt.machine.start(ledger), { rebuilt: true, folded: all.length });
      assert.equal(rebuilt.machine.rowDigest(), machine.rowDigest());
      database.close();
      rebuilt.database.close();
    }),
    { numRuns: 60 },
  );
});

test('a start folds from the cursor, and begins anew when asked, when folds changed or the ledger is another', async () => {
  const path = fresh();
  const ledger = new Leaves();
  ledger.add('node/a', 'here', 0, 0);
  const start = async (options: { folds?: readonly Fold[]; origin?: string; rebuild?: boolean } = {}) => {
    const { database, machine } = open(path, options.folds, options.origin);
    const found = await machine.start(ledger, options);
    const digest = machine.rowDigest();
    database.close();
    return { ...found, digest };
  };
  const first = await start();
  assert.deepEqual({ ...first, digest: '' }, { rebuilt: true, folded: 1, digest: '' });
  ledger.add('node/a', 'there', 1, 1);
  const second = await start();
  assert.deepEqual({ ...second, digest: '' }, { rebuilt: false, folded: 1, digest: '' });
  assert.notEqual(second.digest, first.digest);
  assert.deepEqual(await start({ rebuild: true }), { rebuilt: true, folded: 2, digest: second.digest });
  assert.deepEqual(await start({ folds: [{ ...fold, version: 2 }] }), { ...second, rebuilt: true, folded: 2 });
  assert.equal((await start({ origin: 'other' })).rebuilt, true);
  assert.equal((await start()).rebuilt, true);
  assert.deepEqual(await start(), { ...second, folded: 0 });
  ledger.entries.pop();
  assert.deepEqual(await start(), { rebuilt: true, folded: 1, digest: first.digest });
});

test('the row digest tells contents apart that differ in one value', async () => {
  const digests = ['here', 'there'].map(async (to) => {
    const ledger = new Leaves();
    ledger.add('node/a', to, 0, 0);
    const { machine } = open();
    await machine.start(ledger);
    return machine.rowDigest();
  });
  const [one, other] = await Promise.all(digests);
  assert.match(one ?? '', /^sha256:/);
  assert.notEqual(one, other);
});

test('entries are folded in the order of the ledger only', async () => {
  const { machine } = open();
  const ledger = new Leaves();
  await machine.start(ledger);
  machine.begin();
  const skipped = { ...ledger.add('node/a', 'here', 0, 0), index: 1 };
  assert.throws(() => machine.apply([skipped]), FixityError);
});

test('what held is told by time, by index and as it was known then, late facts included', async () => {
  const ledger = new Leaves();
  ledger.add('node/a', 'here', 10, 10); // index 0
  ledger.add('node/a', 'there', 30, 30); // index 1
  ledger.add('node/a', 'late', 20, 40); // index 2 says what happened before index 1
  const { machine } = open();
  await machine.start(ledger);
  const place = (asOf: { time: string; size: number }) => places.at(machine.reader, 'node/a', asOf)?.place;
  const views = machine.reader;
  assert.equal(foldedSize(views), 3);
  assert.equal(place(asOfNow(views, at(50))), 'there');
  assert.equal(places.now(views, 'node/a')?.place, 'there');
  assert.equal(place(asOfTime(views, at(9))), undefined);
  assert.equal(place(asOfTime(views, at(15))), 'here');
  assert.equal(place(asOfTime(views, at(25))), 'late');
  assert.equal(place(asOfTime(views, at(30))), 'there');
  assert.equal(place(asOfTime(views, at(25), 2)), 'here');
  assert.equal(place(await asOfKnownAt(ledger, at(25), at(39))), 'here');
  assert.equal(place(await asOfKnownAt(ledger, at(25), at(40))), 'late');
  assert.equal(place(asOfIndex(0)), 'here');
  assert.equal(place(asOfIndex(2)), 'there');
  assert.equal(subjectVersion(views, 'node/a'), 3);
  assert.equal(subjectVersion(views, 'node/a', 2), 2);
  assert.equal(subjectVersion(views, 'node/z'), 0);
  assert.equal(indexOfVersion(views, 'node/a', 2), 1);
  assert.equal(indexOfVersion(views, 'node/a', 4), undefined);
});

test('a snapshot sees one state while the writer commits, and the next one the next state', async () => {
  const path = fresh();
  const ledger = new Leaves();
  const { machine, database } = open(path);
  await machine.start(ledger);
  const reader = openViewReader(path);
  const entry = ledger.add('node/a', 'here', 0, 0);
  const sizes = reader.snapshot((views) => {
    const before = foldedSize(views);
    machine.begin();
    machine.apply([entry]);
    machine.commit();
    return [before, foldedSize(views)];
  });
  assert.deepEqual(sizes, [0, 0]);
  assert.equal(reader.snapshot(foldedSize), 1);
  assert.throws(() => reader.get('DELETE FROM views_meta'), /readonly/);
  reader.close();
  database.close();
});

test('a table without a primary key is digested in the order of its columns', async () => {
  const bag: Fold = {
    room: 'bag',
    version: 1,
    tables: ['CREATE TABLE bag_items (name TEXT, size INTEGER, bytes BLOB) STRICT'],
    on: [on(moved, ({ entry }, views) => views.run("INSERT INTO bag_items VALUES (?, 1, x'00')", entry.data.to))],
  };
  const digestOf = async (...order: string[]) => {
    const { machine, database } = open(':memory:', [bag]);
    await machine.start(new Leaves());
    const leaves = new Leaves();
    machine.begin();
    machine.apply(order.map((to, minute) => leaves.add('node/a', to, minute, minute)));
    machine.commit();
    const digest = machine.rowDigest();
    database.close();
    return digest;
  };
  assert.equal(await digestOf('a', 'b'), await digestOf('b', 'a'));
  assert.notEqual(await digestOf('a', 'b'), await digestOf('a', 'a'));
});
