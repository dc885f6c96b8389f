import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { diffAnswer } from '#contract';
import { openShipyard, type Sample, type Shipyard } from '../../tests/support/shipyard.ts';
import { hunksOf, textOf } from './hunks.ts';

const one: Sample = {
  service: 'checkout',
  files: { 'price.js': 'a\nb\nc\n', 'gone.txt': 'bye\n', 'same.txt': 'same', 'logo.png': Buffer.from([0, 1, 2]) },
  config: { name: 'checkout.yaml', text: 'tax:\n  mode: floor\npool: 40\n', mediaType: 'application/yaml' },
  commit: '1'.repeat(40),
};
const two: Sample = {
  service: 'checkout',
  files: { 'price.js': 'a\nB\nc\n', 'new.txt': 'hello\n', 'same.txt': 'same', 'logo.png': Buffer.from([0, 1, 3]) },
  config: { name: 'checkout.yaml', text: 'tax:\n  mode: half-even\npool: 40\n', mediaType: 'application/yaml' },
  command: ['./run', '--fast'],
  commit: '2'.repeat(40),
};

describe('diff', () => {
  let shop: Shipyard;

  before(async () => {
    shop = await openShipyard();
    await shop.ship('cart', await shop.release({ service: 'cart', files: { run: 'cart' } }), 1);
    await shop.ship('checkout', await shop.release(one), 1);
    await shop.ship('checkout', await shop.release(two), 2, { LEVEL: 'debug' });
  });
  after(() => shop.close());

  it('names files, configuration keys, settings and commits', async () => {
    const answer = await shop.history.diff({
      from: { environment: 'prod', revision: 2 },
      to: { environment: 'prod' },
    });
    diffAnswer.parse(answer);
    assert.equal(answer.identical, 1);
    const [checkout] = answer.services;
    assert.ok(checkout !== undefined && answer.services.length === 1);
    assert.deepEqual([checkout.change, checkout.from, checkout.to], ['changed', 1, 2]);
    assert.deepEqual(checkout.commits, { before: one.commit, after: two.commit });
    assert.deepEqual(checkout.build?.files, [
      { path: 'gone.txt', change: 'removed', hunks: ['@@ -1,1 +0,0 @@\n-bye'] },
      { path: 'logo.png', change: 'changed' },
      { path: 'new.txt', change: 'added', hunks: ['@@ -0,0 +1,1 @@\n+hello'] },
      { path: 'price.js', change: 'changed', hunks: ['@@ -1,3 +1,3 @@\n a\n-b\n+B\n c'] },
    ]);
    assert.deepEqual(checkout.config?.keys, [{ key: 'tax.mode', before: '"floor"', after: '"half-even"' }]);
    assert.deepEqual(checkout.settings, [
      { key: 'replicas', before: '1', after: '2' },
      { key: 'run.command[1]', after: '"--fast"' },
      { key: 'values.LEVEL', after: '"debug"' },
    ]);
  });

  it('says that a service came', async () => {
    const { services, identical } = await shop.history.diff({
      from: { environment: 'prod', revision: 1 },
      to: { environment: 'prod', revision: 2 },
    });
    assert.equal(identical, 1);
    assert.deepEqual(
      services.map(({ service, change, from, to }) => [service, change, from, to]),
      [['checkout', 'added', undefined, 1]],
    );
    assert.deepEqual(services[0]?.build?.files, []);
  });

  it('finds nothing between equal moments', async () => {
    const { services, identical } = await shop.history.diff({
      from: { environment: 'prod' },
      to: { environment: 'prod', revision: 3 },
    });
    assert.deepEqual(services, []);
    assert.equal(identical, 2);
  });

  it('shows lines where keys cannot be told', async () => {
    const text = { name: 'motd', mediaType: 'text/plain' };
    const release = (line: string) =>
      shop.release({ service: 'motd', files: { run: 'x' }, config: { ...text, text: `hi\n${line}\n` } });
    await shop.ship('motd', await release('one'), 1);
    await shop.ship('motd', await release('two'), 1);
    const { services } = await shop.history.diff({
      from: { environment: 'prod', back: 1 },
      to: { environment: 'prod' },
    });
    assert.deepEqual(services[0]?.config?.keys, []);
    assert.deepEqual(services[0]?.config?.hunks, ['@@ -1,2 +1,2 @@\n hi\n-one\n+two']);
    assert.equal(services[0]?.build, undefined);
  });
});

describe('hunks', () => {
  it('leaves out what is no text, and texts with little in common', () => {
    assert.equal(textOf(Buffer.from([0x61, 0])), undefined);
    assert.equal(textOf(Buffer.from([0xff, 0xfe])), undefined);
    assert.equal(textOf(Buffer.alloc(256 * 1024 + 1, 0x61)), undefined);
    assert.equal(textOf(Buffer.from('ä')), 'ä');
    const lines = (from: number) => Array.from({ length: 6_000 }, (_, place) => `${from + place}\n`).join('');
    assert.equal(hunksOf(lines(0), lines(1_000_000)), undefined);
  });
});
