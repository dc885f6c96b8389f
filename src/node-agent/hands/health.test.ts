import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { checkHealth, healthEndpoint } from './health.ts';
import type { Endpoint } from './runtime.ts';
import type { HealthSpecification } from './specification.ts';

const http: HealthSpecification = {
  kind: 'http',
  path: '/ready',
  intervalMs: 10,
  timeoutMs: 5_000,
  deadlineMs: 5_000,
  successes: 1,
};

async function listening(context: TestContext, server: Server | HttpServer): Promise<Endpoint> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return {
    name: 'http',
    address: '127.0.0.1',
    port: typeof address === 'object' && address !== null ? address.port : 0,
  };
}

describe('a health check', { timeout: 20_000 }, () => {
  it('by http is content with 2xx and 3xx, and with nothing else', async (t) => {
    let status = 200;
    const endpoint = await listening(
      t,
      createServer((_, answer) => answer.writeHead(status).end('x')),
    );
    for (const [code, healthy] of [
      [200, true],
      [204, true],
      [302, true],
      [404, false],
      [503, false],
    ] as const) {
      status = code;
      const detail = `GET /ready 127.0.0.1:${endpoint.port}: ${code}`;
      assert.deepEqual(await checkHealth(endpoint, http), { healthy, detail });
    }
  });

  it('by http says when no answer came in time, and when it was given up', async (t) => {
    const endpoint = await listening(
      t,
      createServer(() => undefined),
    );
    const late = await checkHealth(endpoint, { ...http, timeoutMs: 20 });
    assert.deepEqual(late.healthy, false);
    assert.match(late.detail, /no answer within 20 ms$/);
    const givenUp = await checkHealth(endpoint, http, AbortSignal.abort());
    assert.match(givenUp.detail, /given up$/);
  });

  it('by tcp wants a connection', async (t) => {
    const server = createTcpServer();
    const endpoint = await listening(t, server);
    assert.equal((await checkHealth(endpoint, { ...http, kind: 'tcp' })).healthy, true);
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    closed.close();
    await once(closed, 'close');
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const refused = await checkHealth({ ...endpoint, port }, { ...http, kind: 'tcp' });
    assert.deepEqual(refused, { healthy: false, detail: `connect 127.0.0.1:${port}: connection refused` });
  });

  it('asks the named port, else the first', () => {
    const endpoints = ['http', 'admin'].map((name, index) => ({ name, address: '127.0.0.1', port: index + 1 }));
    assert.equal(healthEndpoint(endpoints, http)?.name, 'http');
    assert.equal(healthEndpoint(endpoints, { ...http, port: 'admin' })?.name, 'admin');
    assert.equal(healthEndpoint([], http), undefined);
  });

  it('of no kind is always content, and without a port one never is', async () => {
    assert.equal((await checkHealth(undefined, { ...http, kind: 'none' })).healthy, true);
    assert.equal((await checkHealth(undefined, http)).healthy, false);
  });
});
