import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { ask, folder, portOf, proxyOn, raw, service, table, testHost, upstream, writeTable } from './rig.case.ts';

test('a request reaches its service with the fields of this hop rewritten', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    response.setHeader('x-own', 'kept');
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  const data = folder(t);
  writeTable(data, table(3, [port]));
  const proxy = await proxyOn(t, data);
  const answer = await ask(proxy, {
    path: '/a?b=c',
    headers: { connection: 'x-secret-hop', 'x-secret-hop': '1', 'x-forwarded-for': '6.6.6.6', 'x-kept': 'yes' },
  });
  const seen = JSON.parse(answer.text) as { url: string; headers: Record<string, string> };
  assert.equal(seen.url, '/a?b=c');
  assert.equal(seen.headers['host'], testHost);
  assert.equal(seen.headers['x-kept'], 'yes');
  assert.equal(seen.headers['x-secret-hop'], undefined);
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(seen.headers['via'], '1.1 fixity');
  assert.equal(answer.headers['x-own'], 'kept');
  assert.equal(answer.headers['via'], '1.1 fixity');
});

test('bodies stream both ways before either is complete', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    response.flushHeaders();
    request.pipe(response);
  });
  const data = folder(t);
  writeTable(data, table(1, [port]));
  const proxy = await proxyOn(t, data);
  const request = httpRequest({ port: portOf(proxy), method: 'POST', headers: { host: testHost } });
  request.write('one');
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  assert.equal(String((await once(response, 'data'))[0]), 'one');
  request.write('two');
  assert.equal(String((await once(response, 'data'))[0]), 'two');
  request.end();
  response.resume();
  await once(response, 'end');
});

test('trailers, HEAD and 100-continue pass through', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    if (request.method === 'HEAD') {
      response.writeHead(200, { 'content-length': 42 }).end();
      return;
    }
    response.writeHead(200, { trailer: 'x-sum' });
    request.on('end', () => {
      response.addTrailers({ 'x-sum': 'abc' });
      response.end('done');
    });
    request.resume();
  });
  const data = folder(t);
  writeTable(data, table(1, [port]));
  const proxy = await proxyOn(t, data);
  const answer = await ask(proxy);
  assert.deepEqual([answer.text, answer.trailers['x-sum']], ['done', 'abc']);
  const head = await ask(proxy, { method: 'HEAD' });
  assert.deepEqual([head.text, head.headers['content-length']], ['', '42']);
  const request = httpRequest({
    port: portOf(proxy),
    method: 'POST',
    headers: { host: testHost, expect: '100-continue', 'content-length': 2 },
  });
  request.flushHeaders();
  await once(request, 'continue');
  request.end('ok');
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  assert.equal(response.statusCode, 200);
  response.resume();
});

test('an endpoint that refuses connections is passed over for every method', async (t) => {
  const { port } = await upstream(t, (request, response) => request.pipe(response));
  const data = folder(t);
  writeTable(data, table(1, [9, port]));
  const proxy = await proxyOn(t, data);
  for (let turn = 0; turn < 4; turn += 1) {
    const answer = await ask(proxy, { method: 'POST', body: 'body' });
    assert.deepEqual([answer.status, answer.text], [200, 'body']);
  }
  assert.equal(proxy.state().requests[service]?.['retries'], 1, 'ejected after its first refusal');
});

test('a GET whose connection is lost is sent again elsewhere; a POST is not', async (t) => {
  let posts = 0;
  const { port: deadly } = await upstream(t, (request) => {
    if (request.method === 'POST') posts += 1;
    request.socket.destroy();
  });
  const { port } = await upstream(t, (_request, response) => response.end('alive'));
  const data = folder(t);
  writeTable(data, table(1, [deadly, port]));
  const proxy = await proxyOn(t, data);
  assert.equal((await ask(proxy)).text, 'alive');
  assert.equal((await ask(proxy)).text, 'alive');
  const statuses = [(await ask(proxy, { method: 'POST', body: 'x' })).status];
  statuses.push((await ask(proxy, { method: 'POST', body: 'x' })).status);
  assert.equal(posts, 1);
  assert.deepEqual(
    statuses.sort((a, b) => a - b),
    [200, 502],
  );
});

test('an answer that breaks off breaks off at the client', async (t) => {
  const { port } = await upstream(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  const data = folder(t);
  writeTable(data, table(1, [port]));
  const proxy = await proxyOn(t, data);
  await assert.rejects(ask(proxy), /aborted|hang up|ECONNRESET/);
});

test('a client that leaves takes its upstream request with it', async (t) => {
  const gone = Promise.withResolvers<void>();
  const { port } = await upstream(t, (request, response) => {
    response.write('first');
    request.socket.once('close', () => gone.resolve());
  });
  const data = folder(t);
  writeTable(data, table(1, [port]));
  const proxy = await proxyOn(t, data);
  const request = httpRequest({ port: portOf(proxy), headers: { host: testHost } });
  request.end();
  request.on('error', () => {});
  await once(request, 'response');
  request.destroy();
  await gone.promise;
});

test('an unknown host and a service without endpoints are told apart', async (t) => {
  const data = folder(t);
  writeTable(data, table(1, []));
  const proxy = await proxyOn(t, data);
  const unknown = await ask(proxy, { headers: { host: 'other.localhost:7080' } });
  assert.equal(unknown.status, 404);
  assert.equal(unknown.headers['content-type'], 'application/problem+json');
  assert.deepEqual((JSON.parse(unknown.text) as { hosts: string[] }).hosts, [testHost]);
  const empty = await ask(proxy, { headers: { host: `${testHost.toUpperCase()}:7080` } });
  assert.deepEqual([empty.status, empty.headers['retry-after']], [503, '1']);
});

test('requests that two servers could read differently are refused', async (t) => {
  let reached = 0;
  const { port } = await upstream(t, (_request, response) => {
    reached += 1;
    response.end('reached');
  });
  const data = folder(t);
  writeTable(data, table(1, [port]));
  const proxy = await proxyOn(t, data);
  const host = `Host: ${testHost}\r\n`;
  const bad = [
    `GET / HTTP/1.1\r\n${host}Host: evil\r\n\r\n`,
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: ${testHost}/evil\r\n\r\n`,
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n`,
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}X: a\nb: c\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}X : a\r\n\r\n`,
    `CONNECT ${testHost}:80 HTTP/1.1\r\n${host}\r\n`,
  ];
  for (const text of bad) assert.match(await raw(proxy, text), /^HTTP\/1\.1 40[05] /, JSON.stringify(text));
  const large = `GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(40_000)}\r\n\r\n`;
  assert.match(await raw(proxy, large), /^HTTP\/1\.1 431 /);
  assert.match(await raw(proxy, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1\.1 414 /);
  assert.equal(reached, 0);
  const absolute = `GET http://${testHost}/x HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n`;
  assert.match(await raw(proxy, absolute), /^HTTP\/1\.1 200 [^]*reached/);
});

test('an upgrade is tunnelled, ends pass on, and it counts as in flight', async (t) => {
  const { server, port } = await upstream(t, (_request, response) => response.end());
  server.on('upgrade', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  const data = folder(t);
  writeTable(data, table(1, [port], ['i1']));
  const proxy = await proxyOn(t, data);
  const socket = connect(portOf(proxy), '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: ${testHost}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 101 [^]*Upgrade: echo\r\n\r\n$/);
  assert.deepEqual(proxy.state().inFlight, { i1: 1 });
  socket.write('ping');
  assert.equal(String((await once(socket, 'data'))[0]), 'ping');
  socket.end('last');
  assert.equal(String((await once(socket, 'data'))[0]), 'last');
  await once(socket, 'close');
});

test('an endpoint that never speaks HTTP gives a 502', async (t) => {
  const server = createNetServer((socket) => {
    socket.on('error', () => {});
    socket.end('not http\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const data = folder(t);
  writeTable(data, table(1, [(server.address() as AddressInfo).port]));
  const proxy = await proxyOn(t, data);
  assert.equal((await ask(proxy, { method: 'POST', body: 'x' })).status, 502);
});
