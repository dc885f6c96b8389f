import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FixityError } from '#kernel';
import { choose, type Share } from './balance.ts';
import { parseRouteTable } from './route-table.ts';

const golden = readFileSync(new URL('../../tests/golden/proxy/routes.json', import.meta.url), 'utf8');

test('the table of FORMATS.md is read and keeps its bytes', () => {
  const table = parseRouteTable(golden);
  assert.equal(table.version, 17);
  assert.equal(JSON.stringify(table), golden);
});

test('a table that breaks a rule is refused with the place of the break', () => {
  const broken: [string, (text: string) => string][] = [
    ['not JSON', (text) => text.slice(0, 40)],
    ['routes.0.endpoints.0.port', (text) => text.replace('40001', '0')],
    ['routes.0.service', (text) => text.replace('prod/checkout', 'checkout')],
    ['routes.0.hosts.0', (text) => text.replace('checkout.prod.localhost', 'a b')],
    ['version', (text) => text.replace('17', '"17"')],
    ['twice', (text) => text.replace(/(\{"instance[^}]*\})/, '$1,$1')],
    ['is given to', (text) => text.replace(/\[(\{"hosts.*\})\]\}$/, '[$1,$1]}')],
  ];
  for (const [said, change] of broken) {
    const isRefused = (error: unknown): boolean =>
      error instanceof FixityError && error.code === 'schema-violation' && error.message.includes(said);
    assert.throws(() => parseRouteTable(change(golden)), isRefused, said);
  }
});

test('any text gives a table or a refusal', () => {
  const property = fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    try {
      parseRouteTable(text);
    } catch (error) {
      assert.ok(error instanceof FixityError);
    }
  });
  fc.assert(property, { numRuns: 200 });
});

test('over one sum of weights each endpoint is chosen exactly its weight', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 });
  const property = fc.property(weights, (list) => {
    const shares = list.map(
      (weight): Share<{ ejected: boolean }> => ({ endpoint: { ejected: false }, weight, credit: 0 }),
    );
    const total = list.reduce((sum, weight) => sum + weight, 0);
    const chosen = Array.from({ length: total }, () => choose(shares));
    for (const { endpoint, weight } of shares) assert.equal(chosen.filter((one) => one === endpoint).length, weight);
  });
  fc.assert(property, { numRuns: 200 });
});

test('an ejected endpoint is passed over unless it is the last; a tried one always', () => {
  const [a, b] = [{ ejected: true }, { ejected: false }];
  const shares = [a, b].map((endpoint) => ({ endpoint, weight: 1, credit: 0 }));
  assert.deepEqual([choose(shares), choose(shares)], [b, b]);
  assert.equal(choose(shares, new Set([b])), a);
  assert.equal(choose(shares, new Set([a, b])), undefined);
});
