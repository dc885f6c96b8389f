import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FixityError } from '#kernel';
import { Sequence } from './sequence.ts';
import { type Sealed, Spool } from './spool.ts';

function folder(context: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'fixity-report-'));
  context.after(() => rmSync(data, { recursive: true, force: true }));
  return data;
}

const sealed = (text: string): Sealed => ({
  payloadType: 'text/plain',
  payload: Buffer.from(text).toString('base64'),
  signatures: [{ keyid: 'web-07', sig: 'AAAA' }],
});

test('a number is never given twice, whenever the node agent ended', (context) => {
  const data = folder(context);
  let last = 0;
  for (const numbers of [1, 3, 999, 1_000, 1_001, 2]) {
    const sequence = new Sequence(data);
    for (let given = 0; given < numbers; given += 1) {
      const next = sequence.next();
      assert.ok(next > last);
      last = next;
    }
  }
});

test('the first number is 1, and a block is reserved before it is used', (context) => {
  const data = folder(context);
  assert.equal(new Sequence(data).next(), 1);
  assert.equal(readFileSync(join(data, 'sequence'), 'utf8'), '1000\n');
});

test('a damaged sequence is refused instead of begun again', (context) => {
  const data = folder(context);
  writeFileSync(join(data, 'sequence'), 'x\n');
  assert.throws(
    () => new Sequence(data),
    (error) => error instanceof FixityError && error.code === 'storage-failed',
  );
});

test('what could not be sent is kept in order across restarts, without what a crash tore', (context) => {
  const data = folder(context);
  const aside: string[] = [];
  const keep = (name: string): number => aside.push(name);
  const spool = new Spool(data, keep);
  for (const number of [9, 10, 11]) spool.add(number, sealed(String(number)));
  writeFileSync(join(data, 'spool', '0000000000000012.json'), '{"payl');
  const again = new Spool(data, keep);
  const found: string[] = [];
  for (let first = again.first(); first !== undefined; first = again.first()) {
    found.push(Buffer.from(first.payload, 'base64').toString());
    again.drop();
  }
  assert.deepEqual(found, ['9', '10', '11']);
  assert.equal(new Spool(data, keep).size, 0);
  assert.deepEqual(aside, ['0000000000000012.json']);
});

test('beyond its bound the oldest go', (context) => {
  const spool = new Spool(folder(context), assert.fail, 2);
  assert.deepEqual(
    [1, 2, 3].map((number) => spool.add(number, sealed(String(number)))),
    [0, 0, 1],
  );
  assert.deepEqual(spool.first(), sealed('2'));
});
