import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { openSqliteLedgerReader, openViewDatabase, openViewReader } from '#drivers/sqlite';
import { issueToken } from '#identity';
import { FixityError } from '#kernel';
import { openStatement } from '#ledger';
import { readVerifier } from '#signing';
import { foldedSize, ViewMachine } from '#views';
import type { CommandDefinition } from '#writer';
import { folds } from './rooms.ts';
import { startWriterThread, writerFiles } from './writer-thread.ts';

const origin = 'test.example/log';
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fixity-thread-'));
  folders.push(folder);
  return folder;
}

interface Acknowledged {
  readonly input: { readonly id: string; readonly actor: string; readonly role: 'reader' };
  readonly answer: { readonly id: string };
  readonly indexes: readonly number[];
}

/** Runs the submitting process until it has acknowledged so many commands, then kills it with SIGKILL. */
async function runAndKill(folder: string, run: number, acknowledgements: number): Promise<Acknowledged[]> {
  const script = new URL('./writer-crash.case.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder, origin, String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // The kill may cut the last line: what was not printed whole was not acknowledged.
    if (line.endsWith('}')) lines.push(JSON.parse(line) as Acknowledged);
    if (lines.length === acknowledgements) child.kill('SIGKILL');
  }
  return lines;
}

test('killed with SIGKILL under load: what was acknowledged is there, repeats get first answers, views are whole', async () => {
  const folder = freshFolder();
  const acknowledged: Acknowledged[] = [];
  for (const [run, count] of [1, 150, 400].entries()) {
    acknowledged.push(...(await runAndKill(folder, run, count)));
  }
  assert.ok(acknowledged.length >= 551);
  const writer = startWriterThread(folder, { origin });
  const { size, rebuilt } = await writer.ready;
  assert.equal(rebuilt, false);
  assert.ok(size >= acknowledged.length);
  for (const { input, answer, indexes } of acknowledged) {
    const again = await writer.submit(issueToken, input, { actor: 'user:ana', commandId: input.id });
    assert.deepEqual(again, { answer, indexes, size: (indexes[0] ?? 0) + 1, repeated: true });
  }
  await writer.close();
  const { ledger, views } = writerFiles(folder);
  const storage = openSqliteLedgerReader(ledger);
  const databases = [openViewDatabase(views), openViewDatabase(':memory:')];
  const machines = databases.map((database) => new ViewMachine({ database, folds, origin }));
  const starts = await Promise.all(machines.map((machine) => machine.start(storage)));
  assert.deepEqual(starts, [
    { rebuilt: false, folded: 0 },
    { rebuilt: true, folded: size },
  ]);
  assert.equal(machines[0]?.rowDigest(), machines[1]?.rowDigest());
  for (const database of databases) database.close();
  storage.close();
});

test('an answer contains its own effect: readers see it when the submit resolves, and hear of the commit before', async () => {
  const folder = freshFolder();
  const writer = startWriterThread(folder, { origin });
  const ready = await writer.ready;
  assert.deepEqual({ ...ready, key: '' }, { rebuilt: true, folded: 0, size: 0, key: '', keyMade: true });
  assert.equal(statSync(writerFiles(folder).key).mode & 0o777, 0o600);
  const views = openViewReader(writerFiles(folder).views);
  const heard: number[] = [];
  const stop = writer.onCommit(({ size }) => heard.push(size));
  const issue = (id: string) =>
    writer.submit(issueToken, { id, actor: `token:${id}`, role: 'reader' }, { actor: 'user:ana' });
  const { size } = await issue('aaa');
  assert.equal(size, 1);
  assert.equal(foldedSize(views), 1);
  assert.deepEqual(heard, [1]);
  stop();
  await Promise.all(['bbb', 'ccc', 'ddd'].map(issue));
  assert.deepEqual(heard, [1]);
  assert.equal(foldedSize(views), 4);
  const statement = openStatement(await writer.state('token/aaa'), origin, [readVerifier(ready.key)]);
  assert.deepEqual([statement.subject, statement.version, statement.size], ['token/aaa', 1, 4]);
  views.close();
  await writer.close();
});

test('errors cross threads whole', async () => {
  const writer = startWriterThread(freshFolder(), { origin });
  const submit = () =>
    writer.submit(issueToken, { id: 'aaa', actor: 'token:aaa', role: 'reader' }, { actor: 'user:ana' });
  await submit();
  await assert.rejects(submit(), (error) => {
    assert.ok(error instanceof FixityError);
    assert.equal(error.code, 'version-conflict');
    assert.deepEqual(error.members, { subject: 'token/aaa', expected: 0, present: 1 });
    assert.equal(error.next.length, 1);
    return true;
  });
  const strange = { name: 'identity.issue-token' } as unknown as CommandDefinition<unknown>;
  const outcomes = await Promise.allSettled([
    writer.submit(strange, { id: () => 'a function' }, { actor: 'user:ana' }),
    writer.submit(issueToken, { id: 'bbb', actor: 'token:bbb', role: 'reader' }, { actor: 'user:ana' }),
  ]);
  assert.equal(outcomes[0].status === 'rejected' && outcomes[0].reason.code, 'invalid-input');
  assert.equal(outcomes[1].status, 'fulfilled');
  await writer.close();
  await assert.rejects(submit(), { code: 'writer-stopped' });
});

test('a writer that cannot start says why, to whoever waits and whoever submits', async () => {
  const folder = freshFolder();
  const writer = startWriterThread(folder, { origin });
  await writer.ready;
  await writer.close();
  const other = startWriterThread(folder, { origin: 'another.example/log' });
  const submitted = other.submit(issueToken, { id: 'aaa', actor: 'token:aaa', role: 'reader' }, { actor: 'user:ana' });
  submitted.catch(() => undefined);
  // The folder's key bears the name of the first ledger.
  await assert.rejects(other.ready, { code: 'invalid-input' });
  await assert.rejects(submitted, { code: 'invalid-input' });
});
