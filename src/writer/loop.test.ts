import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { FixityError, toInstant } from '#kernel';
import { openStatement, parseLeaf } from '#ledger';
import { note, openRig, origin, type Rig } from './rig.case.ts';

const start = Date.UTC(2026, 10, 22, 2, 3, 0);
let folder: string;
let rig: Rig;
let now: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fixity-writer-'));
  now = start;
  rig = await openRig(folder, { now: () => now });
});
afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

async function restart(): Promise<void> {
  await rig.close();
  rig = await openRig(folder, { now: () => now });
}

function put(node: string, texts: string[], more: { commandId?: string; version?: number; time?: string } = {}) {
  const { commandId, version, time } = more;
  return rig.loop.submit(
    note,
    { node, texts, ...(time === undefined ? {} : { time }) },
    {
      actor: 'user:ana',
      ...(commandId === undefined ? {} : { commandId }),
      ...(version === undefined ? {} : { ifMatch: { subject: `node/${node}`, version } }),
    },
  );
}

async function entries() {
  return (await rig.storage.leaves(0, 1_000)).map(parseLeaf);
}

const coded = (code: string) => (error: unknown) => error instanceof FixityError && error.code === code;

test('what was asked in one turn is one group and one commit, decided in order', async () => {
  const commits: number[] = [];
  rig.loop.onCommit(({ size }) => commits.push(size));
  const answers = await Promise.all([put('a', ['1', '2']), put('b', ['3']), put('a', ['4'])]);
  assert.deepEqual(answers, [
    { answer: { was: 0 }, indexes: [0, 1], size: 2, repeated: false },
    { answer: { was: 0 }, indexes: [2], size: 3, repeated: false },
    { answer: { was: 2 }, indexes: [3], size: 4, repeated: false },
  ]);
  assert.equal(rig.storage.appends, 1);
  assert.deepEqual(commits, [4]);
  const recorded = await entries();
  assert.deepEqual(
    recorded.map(({ subject, subjectversion, data }) => [subject, subjectversion, data['text']]),
    [
      ['node/a', '1', '1'],
      ['node/a', '2', '2'],
      ['node/b', '1', '3'],
      ['node/a', '3', '4'],
    ],
  );
  const [first] = recorded;
  assert.equal(first?.source, origin);
  assert.equal(first?.recordedtime, toInstant(start));
  assert.equal(first?.time, toInstant(start));
  assert.match(first?.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test('a refusal undoes its command only, whichever way it comes', async () => {
  const outcomes = await Promise.allSettled([
    put('a', ['1']),
    put('a', ['2', 'refused']),
    put('a', ['2', 'unfoldable']),
    put('a', ['2', 'x'.repeat(1_001)]),
    put('a', ['2'], { version: 7 }),
    put('a b', ['2']),
    put('a', ['2'], { time: 'yesterday' }),
    put('a', ['3'], { version: 1 }),
  ]);
  const codes = outcomes.map((one) => (one.status === 'fulfilled' ? one.value.indexes : one.reason.code));
  assert.deepEqual(codes, [
    [0],
    'nothing-to-do',
    'internal',
    'schema-violation',
    'version-conflict',
    'invalid-input',
    'schema-violation',
    [1],
  ]);
  assert.equal(rig.storage.appends, 1);
  assert.equal(rig.views.rowDigest(), await rig.rebuiltDigest());
});

test('a version conflict names the present version', async () => {
  await put('a', ['1', '2']);
  await assert.rejects(put('a', ['3'], { version: 1 }), (error: FixityError) => {
    assert.equal(error.message, 'node/a is at version 2, not 1');
    assert.deepEqual(error.members, { subject: 'node/a', expected: 1, present: 2 });
    return error.code === 'version-conflict';
  });
});

test('a repeat gets the first answer: in the same group, later, and after a restart', async () => {
  const [first, again] = await Promise.all([put('a', ['1'], { commandId: 'k' }), put('a', ['1'], { commandId: 'k' })]);
  assert.deepEqual(again, { ...first, repeated: true });
  await put('a', ['2']);
  assert.deepEqual(await put('a', ['1'], { commandId: 'k', version: 0 }), { ...first, repeated: true });
  await restart();
  assert.deepEqual(await put('a', ['1'], { commandId: 'k' }), { ...first, repeated: true });
  await assert.rejects(put('a', ['other'], { commandId: 'k' }), coded('command-reused'));
  assert.equal((await entries()).length, 2);
});

test('a command that records nothing commits nothing', async () => {
  assert.deepEqual(await put('a', [], { commandId: 'k' }), {
    answer: { was: 0 },
    indexes: [],
    size: 0,
    repeated: false,
  });
  assert.equal(rig.storage.appends, 0);
});

test('recordedtime never decreases, and a time ahead of it is clamped and marked', async () => {
  await put('a', ['1']);
  now = start - 60_000;
  await put('a', ['2']);
  await restart();
  await put('a', ['3'], { time: toInstant(start + 1) });
  await put('a', ['4'], { time: toInstant(start - 5) });
  const recorded = await entries();
  assert.deepEqual(new Set(recorded.map((entry) => entry.recordedtime)), new Set([toInstant(start)]));
  assert.equal(recorded[2]?.time, toInstant(start));
  assert.deepEqual(recorded[2]?.data, { text: '3', claimedtime: toInstant(start + 1) });
  assert.equal(recorded[3]?.time, toInstant(start - 5));
  assert.deepEqual(recorded[3]?.data, { text: '4' });
});

test('when the disk is full the whole group is undone and rejected, and the next one works', async () => {
  await put('a', ['0']);
  const before = rig.views.rowDigest();
  rig.storage.next = 'is full';
  const outcomes = await Promise.allSettled([put('a', ['1'], { commandId: 'k' }), put('b', ['refused'])]);
  assert.deepEqual(
    outcomes.map((one) => one.status === 'rejected' && one.reason.code),
    ['storage-full', 'storage-full'],
  );
  assert.equal(rig.views.rowDigest(), before);
  assert.deepEqual((await put('a', ['1'], { commandId: 'k' })).indexes, [1]);
  assert.equal(rig.views.rowDigest(), await rig.rebuiltDigest());
});

test('a commit that failed but landed is acknowledged', async () => {
  rig.storage.next = 'lands and fails';
  assert.deepEqual((await put('a', ['1'])).indexes, [0]);
  assert.equal(rig.views.rowDigest(), await rig.rebuiltDigest());
});

for (const next of ['goes away', 'lands and goes away'] as const) {
  test(`an unknown outcome (the disk ${next}) stops the writer until it can read the truth`, async () => {
    await put('a', ['0']);
    rig.storage.next = next;
    await assert.rejects(put('a', ['1'], { commandId: 'k' }), coded('writer-stopped'));
    await assert.rejects(put('a', ['2']), coded('writer-stopped'));
    await assert.rejects(rig.loop.state('node/a'), coded('writer-stopped'));
    rig.storage.away = false;
    const again = await put('a', ['1'], { commandId: 'k' });
    assert.deepEqual(again, { answer: { was: 1 }, indexes: [1], size: 2, repeated: next !== 'goes away' });
    assert.equal(rig.views.size, 2);
    assert.equal(rig.views.rowDigest(), await rig.rebuiltDigest());
  });
}

test('the state of a subject is signed at the size it belongs to', async () => {
  await put('a', ['1', '2']);
  const statement = openStatement(await rig.loop.state('node/a'), origin, [rig.key.verifier]);
  assert.deepEqual([statement.subject, statement.version, statement.size], ['node/a', 2, 2]);
  assert.equal(openStatement(await rig.loop.state('node/z'), origin, [rig.key.verifier]).version, 0);
});

test('a closed writer finishes what it took and takes nothing more', async () => {
  const taken = put('a', ['1']);
  await rig.loop.close();
  assert.deepEqual((await taken).indexes, [0]);
  await assert.rejects(put('a', ['2']), coded('writer-stopped'));
});

test('commands that are unknown, badly keyed or of an impossible actor are refused', async () => {
  const take = (name: string, actor: string, commandId: string) =>
    rig.loop.take({ name, input: { node: 'a', texts: ['1'] }, meta: { actor, commandId } });
  await assert.rejects(take('test.unknown', 'user:ana', 'k'), coded('unsupported'));
  await assert.rejects(take('test.note', 'ana', 'k'), coded('invalid-input'));
  await assert.rejects(take('test.note', 'user:ana', 'k k'), coded('invalid-input'));
  const float = { name: 'test.note', input: { half: 0.5 }, meta: { actor: 'user:ana', commandId: 'k' } };
  await assert.rejects(rig.loop.take(float), coded('invalid-input'));
});
