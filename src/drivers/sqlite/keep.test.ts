import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { FixityError, type Json } from '#kernel';
import { openKeep, openScratch } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fixity-keep-'));
after(() => rmSync(folder, { recursive: true }));

const key = fc.constantFrom('a', 'ab', 'b', 'ü');
const value = fc.constantFrom<Json>(1, 'x', [1, 2], { one: 1, two: 2 }, { two: 2, one: 1 }, null);
const step = fc.oneof(
  fc.record({ act: fc.constant('set' as const), key, value }),
  fc.record({ act: fc.constant('delete' as const), key }),
  fc.record({
    act: fc.constant('swap' as const),
    key,
    expected: fc.option(value, { nil: undefined }),
    value: fc.option(value, { nil: undefined }),
  }),
);

test('a shelf does what a map does', () => {
  const same = (one: Json | undefined, other: Json | undefined) => {
    try {
      assert.deepEqual(one, other);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const scratch = openScratch(':memory:');
      const model = new Map<string, Json>();
      scratch.set('other/namespace', 'a', 'untouched');
      for (const one of steps) {
        if (one.act === 'set') {
          scratch.set('test/things', one.key, one.value);
          model.set(one.key, one.value);
        } else if (one.act === 'delete') {
          assert.equal(scratch.delete('test/things', one.key), model.delete(one.key));
        } else {
          const fits = same(model.get(one.key), one.expected);
          assert.equal(scratch.compareAndSet('test/things', one.key, one.expected, one.value), fits);
          if (fits && one.value === undefined) model.delete(one.key);
          else if (fits && one.value !== undefined) model.set(one.key, one.value);
        }
      }
      const all = [...model].map(([key, value]) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1));
      assert.deepEqual(scratch.list('test/things'), all);
      assert.deepEqual(
        scratch.list('test/things', 'a'),
        all.filter((row) => row.key.startsWith('a')),
      );
      for (const { key, value } of all) assert.deepEqual(scratch.get('test/things', key), value);
      assert.equal(scratch.get('other/namespace', 'a'), 'untouched');
      scratch.close();
    }),
    { numRuns: 60 },
  );
});

test('the keep survives its connection, belongs to its owner only, and leaves nothing of what is deleted', () => {
  const path = join(folder, 'keep.db');
  const keep = openKeep(path);
  keep.set('identity/names', 'user:ana', 'Ana-Maria Erasable');
  keep.set('identity/names', 'user:bo', 'Bo');
  for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600);
  keep.close();
  chmodSync(path, 0o644);
  const again = openKeep(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(again.get('identity/names', 'user:ana'), 'Ana-Maria Erasable');
  again.delete('identity/names', 'user:ana');
  again.close();
  assert.ok(!readFileSync(path).includes('Erasable'));
});

test('two connections race for one value: one wins', () => {
  const path = join(folder, 'race.db');
  const [one, other] = [openKeep(path), openKeep(path)];
  assert.deepEqual(
    [one.compareAndSet('test/lease', 'k', undefined, 1), other.compareAndSet('test/lease', 'k', undefined, 2)],
    [true, false],
  );
  assert.equal(other.get('test/lease', 'k'), 1);
  one.close();
  other.close();
});

test('a file that is no database is refused as storage-failed', () => {
  const path = join(folder, 'broken.db');
  writeFileSync(path, 'this is not a database'.repeat(100));
  assert.throws(
    () => openKeep(path),
    (error) => error instanceof FixityError && error.code === 'storage-failed',
  );
});
