import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { LedgerReader, openAppender } from '#ledger';
import { isConsistent, leafHash, nodesFromTiles, rootAt, tileHash, tileWidth } from '#merkle';
import { generateKey } from '#signing';
import { openSqliteLedger, openSqliteLedgerReader } from './index.ts';
import { Statements } from './statements.ts';

const origin = 'fixity.example/ledger';
const key = generateKey(origin, (size) => new Uint8Array(size).fill(1));
const newFolder = (): string => mkdtempSync(join(tmpdir(), 'fixity-ledger-'));

/** Runs the writer until it has acknowledged so many batches, kills it, and gives the last size it acknowledged. */
async function killedAfter(path: string, batches: number): Promise<number> {
  const program = new URL('ledger-writer.case.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, path, origin], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sizes: number[] = [];
  for await (const line of createInterface(child.stdout)) {
    sizes.push(Number(line));
    if (sizes.length === batches) child.kill('SIGKILL');
  }
  return sizes.at(-1) ?? 0;
}

describe('a ledger in SQLite', () => {
  it('holds all that was acknowledged, and tiles and root that agree, after every kill -9', async () => {
    const path = join(newFolder(), 'ledger.db');
    let before: { size: number; root: Uint8Array } = { size: 0, root: new Uint8Array(0) };
    for (const batches of [1, 7, 20, 33]) {
      const acknowledged = await killedAfter(path, batches);
      const storage = openSqliteLedger(path);
      const { size, root } = await openAppender({ storage, key, origin });
      assert.ok(acknowledged > before.size && size >= acknowledged, `${acknowledged} acknowledged, ${size} there`);
      const leaves = await storage.leaves(0, size + 1);
      assert.equal(leaves.length, size);
      for (const [index, leaf] of leaves.entries()) {
        const tile = await storage.tile(0, Math.floor(index / tileWidth));
        assert.ok(tile !== undefined);
        assert.deepEqual(Buffer.from(tileHash(tile, index % tileWidth)), Buffer.from(leafHash(leaf)), `leaf ${index}`);
      }
      const nodes = nodesFromTiles((level, index) => storage.tile(level, index));
      assert.deepEqual(Buffer.from(await rootAt(size, nodes)), Buffer.from(root));
      const proof = await new LedgerReader(storage).consistency(before.size, size);
      if (before.size > 0) {
        assert.ok(isConsistent({ from: before.size, fromRoot: before.root, to: size, toRoot: root, proof }));
      }
      before = { size, root };
      storage.close();
    }
  });

  it('refuses on a full disk, loses nothing, and goes on when there is room again', async () => {
    const path = join(newFolder(), 'ledger.db');
    const statements = new Statements(path, 'the ledger');
    const storage = openSqliteLedger(path, statements);
    const appender = await openAppender({ storage, key, origin });
    const stage = (bytes: number): void => {
      const subject = `service/s${appender.size}`;
      const leaf = Buffer.alloc(bytes, 1);
      appender.stage({ leaf, subject, version: 1, recordedtime: '2026-11-22T01:00:00.000Z' });
    };
    stage(100);
    await appender.commit();
    statements.exec('PRAGMA max_page_count = 1');
    for (let count = 0; count < 50; count += 1) stage(60_000);
    await assert.rejects(appender.commit(), { code: 'storage-full' });
    assert.equal(await appender.reread(), false);
    assert.equal(appender.size, 1);
    statements.exec('PRAGMA max_page_count = 1000000');
    stage(60_000);
    assert.equal((await appender.commit()).size, 2);
    storage.close();
  });

  it('is read by others while it grows, and not written by them', async () => {
    const path = join(newFolder(), 'ledger.db');
    assert.throws(() => openSqliteLedgerReader(path), { code: 'not-found' });
    const storage = openSqliteLedger(path);
    const reading = openSqliteLedgerReader(path);
    assert.equal(await reading.head(), undefined);
    const appender = await openAppender({ storage, key, origin });
    appender.stage({
      leaf: Buffer.from('a'),
      subject: 'service/a',
      version: 1,
      recordedtime: '2026-11-22T01:00:00.000Z',
    });
    await appender.commit();
    assert.equal((await reading.head())?.size, 1);
    assert.equal('append' in reading, false);
    reading.close();
    storage.close();
  });
});
