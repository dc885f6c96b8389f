import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { isConsistent, isIncluded, leafHash, nodesFromTiles, rootAt } from '#merkle';
import { decodeBundle } from './bundle.ts';
import { encodeHashes, LedgerReader, openAppender, verifyConsistency, verifyInclusion } from './index.ts';
import { key, origin, recordedAt, sampleEntry, sampleLeaf } from './ledger.case.ts';
import { MemoryLedger } from './memory.case.ts';

const log = { origin, verifiers: [key.verifier] };
const storage = new MemoryLedger();
const reader = new LedgerReader(storage);
const early = { size: 100, checkpoint: '' };

before(async () => {
  const appender = await openAppender({ storage, key, origin });
  for (const to of [early.size, 300]) {
    while (appender.size < to) appender.stage(sampleLeaf(appender.size));
    const { checkpoint } = await appender.commit();
    if (to === early.size) early.checkpoint = checkpoint;
  }
});

describe('the ledger reader', () => {
  it('reads entries one by one and in order', async () => {
    assert.deepEqual(await reader.entry(7), { index: 7, entry: sampleEntry(7) });
    assert.equal((await reader.latest())?.index, 299);
    const indexes: number[] = [];
    for await (const { index, entry } of reader.entries(2, 290)) {
      assert.equal(entry.subject, sampleEntry(index).subject);
      indexes.push(index);
    }
    assert.deepEqual(
      indexes,
      Array.from({ length: 288 }, (_, at) => at + 2),
    );
    await assert.rejects(reader.entry(300), { code: 'not-found' });
    assert.equal(await new LedgerReader(new MemoryLedger()).latest(), undefined);
  });

  it('knows how many entries were recorded by then', async () => {
    assert.equal(await reader.sizeAt(recordedAt(41)), 42);
    assert.equal(await reader.sizeAt('2020-01-01T00:00:00.000Z'), 0);
  });

  it('proves many entries at once as it does one by one', async () => {
    const indexes = [299, 0, 255, 256, 7];
    const paths: Uint8Array[][] = [];
    for (const index of indexes) paths.push(await reader.inclusion(index, 300));
    assert.deepEqual(await reader.inclusions(indexes, 300), paths);
    assert.deepEqual(await reader.inclusions([], 300), []);
    await assert.rejects(reader.inclusions([0, 300], 300), { code: 'range-invalid' });
  });

  it('proves inclusion and consistency between any two sizes', async () => {
    const root = (size: number) =>
      rootAt(
        size,
        nodesFromTiles((level, index) => storage.tile(level, index)),
      );
    for (const [index, size] of [
      [0, 1],
      [0, 300],
      [255, 256],
      [256, 300],
      [299, 300],
    ] as const) {
      const proof = await reader.inclusion(index, size);
      const claim = { index, size, leafHash: leafHash(sampleLeaf(index).leaf), root: await root(size), proof };
      assert.ok(isIncluded(claim), `${index} of ${size}`);
    }
    for (const [from, to] of [
      [0, 300],
      [1, 256],
      [256, 257],
      [300, 300],
    ] as const) {
      const claim = { from, to, fromRoot: await root(from), toRoot: await root(to) };
      assert.ok(isConsistent({ ...claim, proof: await reader.consistency(from, to) }), `${from} to ${to}`);
    }
    await assert.rejects(reader.inclusion(300, 301), { code: 'range-invalid' });
    await assert.rejects(reader.inclusion(5, 5), { code: 'range-invalid' });
    await assert.rejects(reader.consistency(5, 301), { code: 'range-invalid' });
  });

  it('serves tiles and bundles of every width that was ever signed, and no other', async () => {
    assert.equal((await reader.tile(0, 0, 256)).length, 8192);
    assert.deepEqual(await reader.tile(0, 0, 100), (await reader.tile(0, 0, 256)).subarray(0, 3200));
    assert.equal((await reader.tile(1, 0, 1)).length, 32);
    const leaves = decodeBundle(await reader.bundle(1, 44));
    assert.deepEqual(
      leaves.map(hex),
      Array.from({ length: 44 }, (_, at) => hex(sampleLeaf(256 + at).leaf)),
    );
    for (const [level, index, width] of [
      [0, 1, 45],
      [0, 2, 1],
      [1, 0, 2],
      [2, 0, 1],
      [0, 0, 0],
    ] as const) {
      await assert.rejects(reader.tile(level, index, width), { code: 'not-found' });
    }
    await assert.rejects(reader.bundle(1, 45), { code: 'not-found' });
    await assert.rejects(reader.bundle(2, 1), { code: 'not-found' });
    assert.throws(() => decodeBundle(Buffer.from([0, 5, 1])), { code: 'invalid-input' });
  });

  it('hands out proofs that verify offline, and fail when anything in them is changed', async () => {
    const proof = await reader.prove(123);
    const { recorded, checkpoint } = verifyInclusion(JSON.parse(JSON.stringify(proof)), log);
    assert.deepEqual(recorded, { index: 123, entry: sampleEntry(123) });
    assert.equal(checkpoint.size, 300);
    const other = await reader.prove(124);
    const tampered = [
      { ...proof, index: 124 },
      { ...proof, leaf: other.leaf },
      { ...proof, leaf: proof.leaf.replace('7kq2m', '7kq2n') },
      { ...proof, hashes: other.hashes },
      { ...proof, hashes: proof.hashes.slice(1) },
      { ...proof, checkpoint: early.checkpoint },
      { ...proof, checkpoint: proof.checkpoint.replace('\n300\n', '\n301\n') },
    ];
    for (const wrong of tampered) assert.throws(() => verifyInclusion(wrong, log), { code: 'tampered' });
    assert.throws(() => verifyInclusion(proof, { ...log, origin: 'other.example' }), { code: 'tampered' });
    for (const wrong of [null, {}, { ...proof, more: 1 }, { ...proof, hashes: ['x'] }, { ...proof, index: -1 }]) {
      assert.throws(() => verifyInclusion(wrong, log), { code: 'invalid-input' });
    }
  });

  it('proves offline that the ledger only grew', async () => {
    const to = (await reader.head())?.checkpoint ?? '';
    const proof = { from: early.checkpoint, to, hashes: encodeHashes(await reader.consistency(100, 300)) };
    assert.deepEqual([verifyConsistency(proof, log).from.size, verifyConsistency(proof, log).to.size], [100, 300]);
    assert.throws(() => verifyConsistency({ ...proof, hashes: proof.hashes.slice(1) }, log), { code: 'tampered' });
    assert.throws(() => verifyConsistency({ ...proof, from: to, to: early.checkpoint }, log), { code: 'tampered' });
  });

  it('says that the ledger is damaged when a tile that it needs is gone', async () => {
    const damaged = new MemoryLedger();
    const appender = await openAppender({ storage: damaged, key, origin });
    for (let index = 0; index < 300; index += 1) appender.stage(sampleLeaf(index));
    await appender.commit();
    damaged.tiles.delete('0/0');
    await assert.rejects(new LedgerReader(damaged).inclusion(0, 300), { code: 'tampered' });
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
