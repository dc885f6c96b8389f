import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { LogExchange } from './log-exchange.ts';

const question = { instance: 'abc', stream: 'stdout', bytes: 10 } as const;

test('a question is handed out once, to its node, and its answer goes to who asked', async () => {
  const exchange = new LogExchange(randomBytes);
  let woken = 0;
  const stop = exchange.onQuestion('web-1', () => {
    woken += 1;
  });
  const answer = exchange.ask('web-1', question, 60_000);
  assert.equal(woken, 1);
  assert.deepEqual(exchange.handOut('web-2'), []);
  const [request] = exchange.handOut('web-1');
  assert.deepEqual({ ...request, request: '' }, { ...question, request: '' });
  assert.equal(exchange.hasQuestions('web-1'), false);
  assert.equal(exchange.deliver('web-2', request?.request ?? '', { text: 'no', offset: 0 }), false);
  assert.equal(exchange.deliver('web-1', request?.request ?? '', { text: 'hello', offset: 5 }), true);
  assert.deepEqual(await answer, { text: 'hello', offset: 5 });
  assert.equal(exchange.deliver('web-1', request?.request ?? '', { text: 'late', offset: 5 }), false);
  stop();
});

test('a node that does not answer is the reason why there is no text', async () => {
  const exchange = new LogExchange(randomBytes);
  const answer = await exchange.ask('web-1', { ...question, from: 7 }, 1);
  assert.deepEqual(answer, { text: '', offset: 7, missing: 'node web-1 did not answer within 0 s' });
});
