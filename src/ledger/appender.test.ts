import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { emptyRoot, leafHash, nodeHash } from '#merkle';
import { generateKey } from '#signing';
import { type Appender, openAppender, openCheckpoint, openStatement } from './index.ts';
import { key, origin, recordedAt, sampleLeaf } from './ledger.case.ts';
import { MemoryLedger } from './memory.case.ts';

const open = (storage: MemoryLedger): Promise<Appender> => openAppender({ storage, key, origin });
const verifiers = [key.verifier];

function stage(appender: Appender, count: number): void {
  for (let left = count; left > 0; left -= 1) appender.stage(sampleLeaf(appender.size));
}

async function filled(count: number): Promise<{ storage: MemoryLedger; appender: Appender }> {
  const storage = new MemoryLedger();
  const appender = await open(storage);
  stage(appender, count);
  if (count > 0) await appender.commit();
  return { storage, appender };
}

describe('the appender', () => {
  it('commits a group with one append under one signed checkpoint', async () => {
    const { storage, appender } = await filled(0);
    assert.deepEqual([appender.size, appender.root, appender.head], [0, emptyRoot, undefined]);
    assert.equal(appender.stage(sampleLeaf(0)), 0);
    assert.equal(appender.stage(sampleLeaf(1)), 1);
    const command = { key: 'user:7kq2m c', request: '00', answer: null, firstIndex: 0, count: 2 };
    appender.stageCommand(command);
    assert.equal(appender.root, emptyRoot);
    const head = await appender.commit();
    assert.equal(storage.appends, 1);
    const root = nodeHash(leafHash(sampleLeaf(0).leaf), leafHash(sampleLeaf(1).leaf));
    assert.deepEqual(openCheckpoint(head.checkpoint, origin, verifiers), { origin, size: 2, root: Buffer.from(root) });
    assert.equal(appender.lastRecorded, recordedAt(1));
    assert.deepEqual([...storage.recorded.values()], [command]);
    assert.equal(await appender.commit(), head, 'nothing staged: nothing to commit');
    assert.equal(storage.appends, 1);
  });

  it('forgets what was staged after a mark, and only that', async () => {
    const { storage, appender } = await filled(3);
    appender.stage(sampleLeaf(3));
    const mark = appender.mark();
    stage(appender, 5);
    appender.stageCommand({ key: 'k', request: '', answer: 1, firstIndex: 4, count: 5 });
    appender.rewind(mark);
    assert.equal(appender.size, 4);
    assert.equal(appender.lastRecorded, recordedAt(3));
    await appender.commit();
    assert.equal(storage.recorded.size, 0);
    appender.stage(sampleLeaf(4));
    appender.discard();
    assert.equal(appender.size, 4);
  });

  it('signs at the committed size which version a subject has', async () => {
    const { appender } = await filled(7);
    appender.stage(sampleLeaf(7));
    const statement = openStatement(appender.sign('environment/prod', 118), origin, verifiers);
    const root = Buffer.from(appender.root);
    assert.deepEqual(statement, { origin, size: 7, root, subject: 'environment/prod', version: 118 });
  });

  it('refuses a recordedtime that goes back and a leaf that no bundle can carry', async () => {
    const { appender } = await filled(2);
    assert.throws(() => appender.stage({ ...sampleLeaf(2), recordedtime: recordedAt(0) }), RangeError);
    assert.throws(() => appender.stage({ ...sampleLeaf(2), leaf: new Uint8Array(65_536) }), RangeError);
    assert.equal(appender.size, 2);
  });

  for (const fault of ['lost', 'landed'] as const) {
    it(`takes nothing up after a failed commit until it has seen that it ${fault}`, async () => {
      const { storage, appender } = await filled(300);
      stage(appender, 10);
      storage.fault = fault;
      await assert.rejects(appender.commit(), { code: 'storage-failed' });
      assert.throws(() => appender.stage(sampleLeaf(310)), { code: 'writer-stopped' });
      await assert.rejects(appender.commit(), { code: 'writer-stopped' });
      assert.equal(await appender.reread(), fault === 'landed');
      assert.equal(appender.size, fault === 'landed' ? 310 : 300);
      stage(appender, 5);
      await appender.commit();
      assert.equal((await open(storage)).size, appender.size);
    });
  }

  it('refuses to go on where someone else has written', async () => {
    const { storage, appender } = await filled(2);
    const other = await open(storage);
    stage(other, 1);
    await other.commit();
    stage(appender, 2);
    await assert.rejects(appender.commit(), { code: 'data-locked' });
    await assert.rejects(appender.reread(), { code: 'tampered' });
  });

  it('does not open a ledger whose head, signature or tiles were changed', async () => {
    const changes: readonly ((storage: MemoryLedger) => void)[] = [
      (storage) => storage.tiles.delete('0/1'),
      (storage) => storage.tiles.set('0/1', Buffer.alloc(32)),
      (storage) => storage.tiles.set('0/1', Buffer.alloc(44 * 32)),
      (storage) => storage.tiles.set('1/0', Buffer.alloc(32)),
      (storage) => alterHead(storage, { size: 299 }),
      (storage) => alterHead(storage, { root: emptyRoot }),
      (storage) => alterHead(storage, { checkpoint: '' }),
      (storage) => alterHead(storage, { checkpoint: storage.stored?.checkpoint.replace('300', '299') ?? '' }),
    ];
    for (const [at, change] of changes.entries()) {
      const { storage } = await filled(300);
      change(storage);
      await assert.rejects(open(storage), { code: 'tampered' }, `change ${at}`);
    }
    const { storage } = await filled(300);
    await assert.rejects(openAppender({ storage, origin, key: generateKey(origin) }), { code: 'tampered' });
    await assert.rejects(openAppender({ storage, origin: 'other.example', key }), { code: 'tampered' });
  });

  it('reaches the same root however the entries were grouped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }), async (groups) => {
        const storage = new MemoryLedger();
        let appender = await open(storage);
        for (const count of groups) {
          stage(appender, count);
          await appender.commit();
          appender = await open(storage);
        }
        const once = await filled(appender.size);
        assert.deepEqual(Buffer.from(appender.root), Buffer.from(once.appender.root));
        assert.deepEqual(storage.tiles, once.storage.tiles);
      }),
      { numRuns: 15 },
    );
  });
});

function alterHead(storage: MemoryLedger, change: Partial<NonNullable<MemoryLedger['stored']>>): void {
  assert.ok(storage.stored !== undefined);
  storage.stored = { ...storage.stored, ...change };
}
