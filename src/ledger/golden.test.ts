import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { verifierKey } from '#signing';
import { decodeBundle, formatTilePath, LedgerReader, openAppender, parseLeaf, verifyInclusion } from './index.ts';
import { key, origin, sampleEntry, sampleLeaf } from './ledger.case.ts';
import { MemoryLedger } from './memory.case.ts';

const size = 260;
const golden = (name: string): Buffer => readFileSync(new URL(`../../tests/golden/ledger/${name}`, import.meta.url));

async function ledger(): Promise<ReadonlyMap<string, Uint8Array | string>> {
  const storage = new MemoryLedger();
  const appender = await openAppender({ storage, key, origin });
  for (let index = 0; index < size; index += 1) appender.stage(sampleLeaf(index));
  const { checkpoint } = await appender.commit();
  const reader = new LedgerReader(storage);
  const files = new Map<string, Uint8Array | string>([
    ['leaf-0.json', sampleLeaf(0).leaf],
    ['checkpoint', checkpoint],
    ['key', `${verifierKey(key)}\n`],
    ['statement', appender.sign('tag/checkout:1.0.7', 1)],
    ['inclusion-7.json', `${JSON.stringify(await reader.prove(7))}\n`],
  ]);
  const named = (path: string): string => path.replaceAll('/', '-');
  for (const [level, index, width] of [
    [0, 0, 256],
    [0, 1, 4],
    [1, 0, 1],
  ] as const) {
    files.set(named(formatTilePath({ kind: 'tile', level, index, width })), await reader.tile(level, index, width));
  }
  files.set(named(formatTilePath({ kind: 'entries', index: 1, width: 4 })), await reader.bundle(1, 4));
  return files;
}

describe('the ledger formats are for ever the same', async () => {
  for (const [name, bytes] of await ledger()) {
    it(name, () => assert.deepEqual(Buffer.from(bytes), golden(name)));
  }

  it('and what was once written is still read', () => {
    assert.deepEqual(parseLeaf(golden('leaf-0.json')), sampleEntry(0));
    const bundle = decodeBundle(golden('tile-entries-001.p-4'));
    assert.deepEqual(bundle.map(parseLeaf), [256, 257, 258, 259].map(sampleEntry));
    const proof: unknown = JSON.parse(golden('inclusion-7.json').toString());
    assert.equal(verifyInclusion(proof, { origin, verifiers: [key.verifier] }).recorded.index, 7);
  });
});
