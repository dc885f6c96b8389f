import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterCheck, afterDeadline, afterExit, afterRestart, type Life, newLife } from './life.ts';

const times = ['2026-11-22T01:00:00.000Z', '2026-11-22T01:00:01.000Z', '2026-11-22T01:00:02.000Z'] as const;
const good = { healthy: true, detail: 'GET /: 200' };
const bad = { healthy: false, detail: 'GET /: 503' };
const checks = (life: Life, ...answers: (typeof good)[]): Life =>
  answers.reduce((now, answer) => afterCheck(now, answer, 1, times[1]), life);

test('as many good answers in a row as asked for make it healthy', () => {
  let life = newLife(times[0]);
  for (const answer of [good, bad, good]) life = afterCheck(life, answer, 2, times[1]);
  assert.equal(life.state, 'starting');
  life = afterCheck(life, good, 2, times[2]);
  assert.deepEqual([life.state, life.since, life.proven], ['healthy', times[2], true]);
});

test('three bad answers in a row make it unhealthy, one good answer healthy again', () => {
  const healthy = checks(newLife(times[0]), good);
  assert.equal(checks(healthy, bad, bad, good, bad, bad).state, 'healthy');
  const unhealthy = checks(healthy, bad, bad, bad);
  assert.deepEqual([unhealthy.state, unhealthy.detail], ['unhealthy', 'GET /: 503']);
  assert.equal(checks(unhealthy, good).state, 'healthy');
});

test('one that was never healthy in time has failed, with the last answer', () => {
  const late = afterDeadline(checks(newLife(times[0]), bad), 5_000, times[2]);
  assert.deepEqual([late.state, late.detail], ['failed', 'not healthy within 5.0 s: GET /: 503']);
});

test('one that ends before it was ever healthy is kept down, and says its last words', () => {
  const ended = { exit: { code: 1 }, ranMs: 300, lastLine: 'no config' };
  const { life, againInMs } = afterExit(newLife(times[0]), ended, times[1]);
  assert.equal(againInMs, undefined);
  assert.deepEqual([life.state, life.detail], ['exited', 'exit code 1 after 0.3 s: no config']);
});

test('one that was healthy is started again ever later, and sooner once it ran for long', () => {
  let life = checks(newLife(times[0]), good);
  const pauses = [300, 300, 300, 300, 300, 300, 100_000].map((ranMs) => {
    const after = afterExit(life, { exit: { signal: 'SIGSEGV' }, ranMs }, times[1]);
    life = afterRestart(after.life, times[2]);
    return after.againInMs;
  });
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 1_000]);
  assert.deepEqual([life.state, life.restarts], ['starting', 7]);
});
