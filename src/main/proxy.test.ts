import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./proxy.ts', import.meta.url));
const host = 'checkout.prod.localhost';

interface Running {
  readonly child: ChildProcess;
  readonly ready: { readonly ready: string; readonly listen: string; readonly version: number };
  readonly port: number;
}

async function start(t: TestContext, data: string, port = 0, ...more: string[]): Promise<Running> {
  const argv = [program, '--data', data, '--listen', `127.0.0.1:${port}`, ...more];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const ready = JSON.parse(line) as Running['ready'];
  return { child, ready, port: Number(ready.listen.split(':')[1]) };
}

/** A real process that answers with its name; gives its port. */
async function startUpstream(t: TestContext, name: string): Promise<{ child: ChildProcess; port: number }> {
  const code = `const s = require('node:http').createServer((q, r) => r.end('${name}'));
    s.listen(0, '127.0.0.1', () => console.log(s.address().port));`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, port: Number(line) };
}

function setUp(t: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'fixity-proxy-main-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  return data;
}

function route(data: string, version: number, ports: readonly number[]): void {
  const endpoints = ports.map((port) => ({ instance: `i${port}`, address: '127.0.0.1', port, weight: 1 }));
  const table = { version, routes: [{ hosts: [host], service: 'prod/checkout', endpoints }] };
  writeFileSync(join(data, 'next'), JSON.stringify(table));
  renameSync(join(data, 'next'), join(data, 'routes.json'));
}

function ask(where: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ agent: false, headers: { host }, ...where }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** Whether a connection is accepted; nothing is sent on it. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
    socket.on('connect', () => resolve(true));
  });
}

const reload = (data: string): Promise<string> =>
  ask({ socketPath: join(data, 'control.sock'), path: '/reload', method: 'POST' });

/** Keeps four requests going until told to stop; counts them and keeps what failed. */
function load(
  port: number,
  send: (port: number) => Promise<string> = (at) => ask({ port: at }),
): { readonly done: () => number; stop(): Promise<string[]> } {
  const failures: string[] = [];
  let count = 0;
  const ending = new AbortController();
  const worker = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await send(port).catch((error: unknown) => failures.push(String(error)));
      count += 1;
    }
  };
  const workers = [worker(), worker(), worker(), worker()];
  return {
    done: () => count,
    stop: async () => {
      ending.abort();
      await Promise.all(workers);
      return failures;
    },
  };
}

async function more(running: { done: () => number }, requests: number): Promise<void> {
  const until = running.done() + requests;
  while (running.done() < until) await new Promise((resolve) => setImmediate(resolve));
}

test('tables switch and upstreams are killed under load without a failed request', async (t) => {
  const [first, second, third] = [
    await startUpstream(t, 'a'),
    await startUpstream(t, 'b'),
    await startUpstream(t, 'c'),
  ];
  const data = setUp(t);
  route(data, 1, [first.port, second.port]);
  const proxy = await start(t, data);
  assert.deepEqual(proxy.ready, { ready: 'proxy', listen: `127.0.0.1:${proxy.port}`, version: 1 });
  const running = load(proxy.port);
  await more(running, 100);
  first.child.kill('SIGKILL');
  await more(running, 100);
  for (let version = 2; version <= 11; version += 1) {
    route(data, version, version % 2 === 0 ? [third.port] : [second.port, third.port]);
    assert.equal(await reload(data), `{"version":${version}}\n`);
    await more(running, 20);
  }
  route(data, 12, [third.port]);
  await reload(data);
  second.child.kill('SIGKILL');
  await more(running, 100);
  assert.deepEqual(await running.stop(), []);
  assert.equal(await ask({ port: proxy.port }), 'c');
});

test('killed with SIGKILL it comes back on the same port with the last table', async (t) => {
  const { port } = await startUpstream(t, 'alive');
  const data = setUp(t);
  route(data, 7, [port]);
  const first = await start(t, data);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  writeFileSync(join(data, 'routes.json'), '{"version":');
  const second = await start(t, data, first.port);
  assert.equal(second.ready.version, 7);
  assert.equal(await ask({ port: second.port }), 'alive');
});

/**
 * Connections that the kernel has completed but the predecessor has not accepted are reset when it closes its socket
 * (ip-sysctl, tcp_migrate_req), so a client that opens one for each request must be ready to do so again.
 */
async function askAgain(port: number): Promise<string> {
  const isLost = (error: NodeJS.ErrnoException): boolean => error.code === 'ECONNRESET';
  return ask({ port }).catch((error: NodeJS.ErrnoException) => (isLost(error) ? ask({ port }) : Promise.reject(error)));
}

test('successors take over under load, one after another; a reset connection opened again is always served', async (t) => {
  const { port } = await startUpstream(t, 'alive');
  const data = setUp(t);
  route(data, 1, [port]);
  let current = await start(t, data);
  const running = load(current.port, askAgain);
  for (let turn = 0; turn < 3; turn += 1) {
    await more(running, 50);
    const left = once(current.child, 'exit');
    const successor = await start(t, data, current.port, '--take-over');
    assert.deepEqual(await left, [0, null]);
    assert.equal(successor.ready.listen, current.ready.listen);
    assert.equal(await reload(data), '{"version":1}\n', "the control socket is the successor's");
    current = successor;
  }
  await more(running, 50);
  assert.deepEqual(await running.stop(), []);
});

test('SIGTERM lets the request in flight finish and ends with 0', async (t) => {
  const reached = Promise.withResolvers<() => void>();
  const server = createServer((_request, response) => reached.resolve(() => response.end('whole')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const data = setUp(t);
  route(data, 1, [(server.address() as AddressInfo).port]);
  const proxy = await start(t, data);
  const left = once(proxy.child, 'exit');
  const answer = ask({ port: proxy.port });
  const finish = await reached.promise;
  proxy.child.kill('SIGTERM');
  while (await accepts(proxy.port)) await new Promise((resolve) => setImmediate(resolve));
  finish();
  assert.equal(await answer, 'whole');
  assert.deepEqual(await left, [0, null]);
});
