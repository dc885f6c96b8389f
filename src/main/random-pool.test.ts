import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomPool } from './random-pool.ts';

test('every request gets as many bytes as it asked for, and none twice', () => {
  const random = randomPool();
  const seen = new Set<string>();
  for (let round = 0; round < 2_000; round++) {
    const bytes = random(16);
    assert.equal(bytes.length, 16);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  assert.equal(seen.size, 2_000);
  assert.equal(random(10_000).length, 10_000);
});
