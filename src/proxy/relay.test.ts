import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { folder, portOf, proxyOn, table, testHost, upstream, writeTable } from './rig.case.ts';

/** Every value a byte can have, again and again. */
const bytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, index) => index % 256));

test('an answer of any size arrives byte for byte, framed by length or in chunks', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    const [, framing, size, pieces] = (request.url ?? '').split('/');
    const body = bytes(Number(size));
    if (framing === 'length') response.setHeader('content-length', body.length);
    const step = Math.max(1, Math.ceil(body.length / Number(pieces)));
    for (let at = 0; at < body.length; at += step) response.write(body.subarray(at, at + step));
    response.end();
  });
  const data = folder(t);
  writeTable(data, table(1, [port]));
  const proxy = await proxyOn(t, data);
  for (const framing of ['length', 'chunks']) {
    for (const [size, pieces] of [
      [0, 1],
      [1, 1],
      [256, 1],
      [256, 7],
      [8_192, 1],
      [8_193, 1],
      [3_000_000, 3],
    ] as const) {
      const path = `/${framing}/${size}/${pieces}`;
      const request = httpRequest({ port: portOf(proxy), path, agent: false, headers: { host: testHost } }).end();
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      const received = Buffer.concat((await Array.fromAsync(answer)) as Buffer[]);
      assert.ok(received.equals(bytes(size)), path);
      const expected = framing === 'length' || size === 0 ? String(size) : undefined;
      assert.equal(answer.headers['content-length'], expected, path);
    }
  }
});

test('a client that reads slowly gets everything, in order', async (t) => {
  const body = bytes(8_000_000);
  const { port } = await upstream(t, (_request, response) => response.end(body));
  const data = folder(t);
  writeTable(data, table(1, [port]));
  const proxy = await proxyOn(t, data);
  const request = httpRequest({ port: portOf(proxy), agent: false, headers: { host: testHost } }).end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const received: Buffer[] = [];
  for await (const chunk of answer) {
    received.push(chunk as Buffer);
    // A turn of the event loop for each chunk: the proxy has more than its client takes.
    await new Promise((turned) => setImmediate(turned));
  }
  assert.ok(Buffer.concat(received).equals(body));
});
