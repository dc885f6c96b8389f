import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from './logger.ts';

function capture(): { lines: Record<string, unknown>[]; stream: { write(text: string): void } } {
  const lines: Record<string, unknown>[] = [];
  return { lines, stream: { write: (text) => lines.push(JSON.parse(text) as Record<string, unknown>) } };
}

test('a line holds the level, the name, an instant, the sentence and the facts', () => {
  const { lines, stream } = capture();
  createLogger({ name: 'proxy', destination: stream }).child({ data: '/d' }).info('table in force', { version: 17 });
  const [line] = lines;
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    { ...line, time: 'T' },
    { level: 'info', time: 'T', name: 'proxy', data: '/d', version: 17, message: 'table in force' },
  );
});

test('lines below the level are left out', () => {
  const { lines, stream } = capture();
  const log = createLogger({ name: 'proxy', level: 'warn', destination: stream });
  log.info('not written');
  log.warn('written');
  assert.deepEqual(
    lines.map((line) => line['message']),
    ['written'],
  );
});

test('an error keeps its message and code, and secrets are not written', () => {
  const { lines, stream } = capture();
  const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  createLogger({ name: 'x', destination: stream }).error('failed', { error, token: 't0p', nested: { password: 'p' } });
  const text = JSON.stringify(lines);
  assert.match(text, /ECONNREFUSED/);
  assert.match(text, /"token":"\(secret\)"/);
  assert.doesNotMatch(text, /t0p|"password":"p"/);
});

test('a path as destination is appended to, its folder made', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fixity-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'logs', 'proxy.log');
  createLogger({ name: 'x', destination: path }).info('one');
  createLogger({ name: 'x', destination: path }).info('two');
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 2);
});
