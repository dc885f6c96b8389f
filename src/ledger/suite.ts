import type strict from 'node:assert/strict';
import type { Batch, LedgerStorage, RecordedCommand, StagedLeaf } from './storage.ts';

type Assert = typeof strict;

/** A fresh, empty storage for one test, and the same one opened again after it was closed. */
export interface StorageUnderTest {
  readonly storage: LedgerStorage;
  readonly reopen: () => Promise<LedgerStorage> | LedgerStorage;
}

/**
 * The contract of {@link LedgerStorage}: a driver's test awaits this at its top level. `node:test` is imported here and
 * not above, so that a server never loads it.
 */
export async function ledgerStorageSuite(
  name: string,
  open: () => Promise<StorageUnderTest> | StorageUnderTest,
): Promise<void> {
  const { describe, it } = await import('node:test');
  const assert: Assert = (await import('node:assert/strict')).default;

  await describe(`the ledger storage contract: ${name}`, () => {
    const run = (title: string, body: (test: StorageUnderTest) => Promise<void>): void => {
      void it(title, async () => {
        const test = await open();
        try {
          await body(test);
        } finally {
          test.storage.close();
        }
      });
    };

    run('holds nothing at first', async ({ storage }) => {
      assert.equal(await storage.head(), undefined);
      assert.deepEqual(await storage.leaves(0, 10), []);
      assert.equal(await storage.tile(0, 0), undefined);
      assert.equal(await storage.sizeAt('2999-01-01T00:00:00.000Z'), 0);
      assert.equal((await storage.commands(['a b'])).size, 0);
    });

    run('gives back what was appended, also after it was opened again', async ({ storage, reopen }) => {
      await storage.append(batch(0, ['a', 'b', 'c'], { commands: [command('user:1 k1', 0)] }));
      await storage.append(batch(3, ['d'], { commands: [command('user:1 k2', 3)] }));
      storage.close();
      const again = await reopen();
      assert.deepEqual(plain(await again.head()), plain(batch(3, ['d']).head));
      assert.deepEqual((await again.leaves(0, 9)).map(text), ['a', 'b', 'c', 'd']);
      assert.deepEqual((await again.leaves(1, 3)).map(text), ['b', 'c']);
      assert.deepEqual(await again.leaves(4, 9), []);
      const found = await again.commands(['user:1 k2', 'user:2 k2', 'user:1 k1']);
      assert.deepEqual([...found.keys()].sort(), ['user:1 k1', 'user:1 k2']);
      assert.deepEqual(plain(found.get('user:1 k2')), plain(command('user:1 k2', 3)));
      again.close();
    });

    run('keeps the fuller tile of each place', async ({ storage }) => {
      const tile = (level: number, index: number, bytes: number) => ({
        level,
        index,
        hashes: Buffer.alloc(bytes, bytes),
      });
      await storage.append(batch(0, ['a'], { tiles: [tile(0, 0, 32)] }));
      await storage.append(batch(1, ['b'], { tiles: [tile(0, 0, 64), tile(1, 0, 32), tile(0, 1, 96)] }));
      assert.equal((await storage.tile(0, 0))?.length, 64);
      assert.equal((await storage.tile(1, 0))?.length, 32);
      assert.equal((await storage.tile(0, 1))?.length, 96);
      assert.equal(await storage.tile(1, 1), undefined);
    });

    run('counts what was recorded at or before an instant', async ({ storage }) => {
      await storage.append(batch(0, ['a', 'b'], { at: 10 }));
      await storage.append(batch(2, ['c'], { at: 10 }));
      await storage.append(batch(3, ['d', 'e', 'f'], { at: 20 }));
      const sizes = await Promise.all([9, 10, 11, 19, 20, 21].map((second) => storage.sizeAt(instant(second))));
      assert.deepEqual(sizes, [0, 3, 3, 3, 6, 6]);
    });

    const refused = (title: string, wrong: Batch, code: string): void =>
      run(`refuses ${title} as a whole`, async ({ storage }) => {
        await storage.append(batch(0, ['a'], { commands: [command('user:1 k1', 0)] }));
        await assert.rejects(storage.append(wrong), { code });
        assert.equal((await storage.head())?.size, 1);
        assert.equal((await storage.leaves(0, 9)).length, 1);
        assert.equal(await storage.tile(0, 0), undefined);
        assert.equal((await storage.commands(['user:1 k1', 'user:1 k2'])).size, 1);
        await storage.append(batch(1, ['b', 'c'], { commands: [command('user:1 k2', 1)] }));
        assert.equal((await storage.head())?.size, 3);
      });

    const more = { tiles: [{ level: 0, index: 0, hashes: Buffer.alloc(32) }], commands: [command('user:1 k2', 1)] };
    refused('a subject version that is taken', batch(1, ['z', 'a'], more), 'version-conflict');
    refused('a subject version twice in one batch', batch(1, ['z', 'z'], more), 'version-conflict');
    refused(
      'a command that was recorded',
      batch(1, ['z'], { ...more, commands: [...more.commands, command('user:1 k1', 1)] }),
      'command-reused',
    );
    refused('a batch that follows a size which is not there', batch(5, ['z'], more), 'data-locked');
    refused('a batch that follows a size which is past', batch(0, ['z'], more), 'data-locked');

    run('takes leaves of any bytes and length', async ({ storage }) => {
      const leaves = [new Uint8Array(0), Buffer.alloc(65_535, 0xff), Uint8Array.of(0)];
      const staged = leaves.map((leaf, index) => ({ ...stagedLeaf(`s${index}`, 0), leaf }));
      await storage.append({ ...batch(0, ['a', 'b', 'c']), leaves: staged });
      assert.deepEqual((await storage.leaves(0, 3)).map(plain), leaves.map(plain));
    });
  });
}

interface More {
  readonly at?: number;
  readonly tiles?: Batch['tiles'];
  readonly commands?: readonly RecordedCommand[];
}

function batch(from: number, names: readonly string[], { at = 0, tiles = [], commands = [] }: More = {}): Batch {
  const size = from + names.length;
  const head = { size, root: Buffer.alloc(32, size), checkpoint: `size ${size}\n`, recordedtime: instant(at) };
  return { from, leaves: names.map((name) => stagedLeaf(name, at)), tiles, commands, head };
}

function stagedLeaf(name: string, at: number): StagedLeaf {
  return { leaf: Buffer.from(name), subject: `service/${name}`, version: 1, recordedtime: instant(at) };
}

function command(key: string, firstIndex: number): RecordedCommand {
  return { key, request: 'ab'.repeat(32), answer: { said: [key, null, true] }, firstIndex, count: 1 };
}

function instant(second: number): string {
  return `2026-11-22T01:00:${String(second).padStart(2, '0')}.000Z`;
}

const text = (leaf: Uint8Array): string => Buffer.from(leaf).toString('utf8');

/** Bytes as hex and objects without prototypes' differences: drivers may give Buffers or Uint8Arrays. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Uint8Array || isJsonBuffer(inner) ? { hex: toHex(inner) } : inner,
    ),
  );
}

function isJsonBuffer(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
}

function toHex(value: Uint8Array | { data: number[] }): string {
  return Buffer.from(value instanceof Uint8Array ? value : value.data).toString('hex');
}
