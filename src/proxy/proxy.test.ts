import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { request as httpRequest, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { FixityError } from '#kernel';
import { readProxySettings } from './options.ts';
import { ask, folder, portOf, proxyOn, table, testHost, upstream, writeTable } from './rig.case.ts';

const golden = (name: string): string =>
  readFileSync(new URL(`../../tests/golden/proxy/${name}`, import.meta.url), 'utf8');

const refusedWith =
  (code: string, said: RegExp) =>
  (error: unknown): boolean =>
    error instanceof FixityError && error.code === code && said.test(error.message);

test('the control socket answers as FORMATS.md says, to this user only', async (t) => {
  const data = folder(t);
  writeTable(data, golden('routes.json'));
  const proxy = await proxyOn(t, data);
  const socketPath = join(data, 'control.sock');
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  const state = await ask({ socketPath }, { path: '/state' });
  assert.equal(state.text.replace(proxy.listen, '127.0.0.1:7080'), golden('state.json'));
  const reload = await ask({ socketPath }, { path: '/reload', method: 'POST' });
  assert.equal(reload.text, '{"version":17}\n');
  const metrics = await ask({ socketPath }, { path: '/metrics' });
  assert.match(metrics.text, /^fixity_proxy_table_version 17$/m);
  assert.equal((await ask({ socketPath }, { path: '/no' })).status, 404);
});

test('a bad table is refused and the last good one stays, across a restart too', async (t) => {
  const { port } = await upstream(t, (_request, response) => response.end('good'));
  const data = folder(t);
  writeTable(data, table(4, [port]));
  const first = await proxyOn(t, data);
  writeTable(data, '{"version":5,"routes":[{}]}');
  const reload = await ask({ socketPath: join(data, 'control.sock') }, { path: '/reload', method: 'POST' });
  const { version, error } = JSON.parse(reload.text) as { version: number; error: string };
  assert.equal(version, 4);
  assert.match(error, /routes\.0\.hosts/);
  assert.equal((await ask(first)).text, 'good');
  await first.stop();
  const second = await proxyOn(t, data);
  assert.equal(second.version, 4);
  assert.equal((await ask(second)).text, 'good');
});

test('an instance that left the table is told of until its last request has ended', async (t) => {
  const held: ServerResponse[] = [];
  const old = await upstream(t, (_request, response) => {
    held.push(response);
    response.write('begun');
  });
  const next = await upstream(t, (_request, response) => response.end('next'));
  const data = folder(t);
  writeTable(data, table(1, [old.port], ['iold']));
  const proxy = await proxyOn(t, data);
  const request = httpRequest({ port: portOf(proxy), headers: { host: testHost }, agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  writeTable(data, table(2, [next.port], ['inew']));
  const socketPath = join(data, 'control.sock');
  assert.equal((await ask({ socketPath }, { path: '/reload', method: 'POST' })).text, '{"version":2}\n');
  assert.equal((await ask(proxy)).text, 'next');
  assert.deepEqual(proxy.state().draining, { iold: 1 });
  assert.equal(proxy.state().inFlight['iold'], 1);
  held[0]?.end();
  response.resume();
  await once(response, 'end');
  await once(request, 'close');
  assert.equal((await ask(proxy)).text, 'next');
  assert.equal(proxy.state().inFlight['iold'], undefined);
});

test('what must not start is refused with a sentence', async (t) => {
  const data = folder(t);
  const proxy = await proxyOn(t, data);
  await assert.rejects(proxyOn(t, data), refusedWith('data-locked', /another proxy serves/));
  const port = portOf(proxy);
  const busy = proxyOn(t, folder(t), { listen: { host: '127.0.0.1', port } });
  await assert.rejects(busy, refusedWith('invalid-input', /another process listens there/));
  const open = proxyOn(t, folder(t), { listen: { host: '0.0.0.0', port: 0 } });
  await assert.rejects(open, refusedWith('invalid-input', /without TLS/));
  const long = proxyOn(t, join(folder(t), 'a'.repeat(100)));
  await assert.rejects(long, refusedWith('invalid-input', /too long for a unix socket/));
});

test('flags win over the environment, and empty, unknown or half-given ones are refused', () => {
  const environment = { FIXITY_PROXY_DATA: '/e', FIXITY_PROXY_LISTEN: '[::1]:81' };
  const settings = readProxySettings(['--data', '/f'], environment);
  assert.deepEqual([settings.folder, settings.listen], ['/f', { host: '::1', port: 81 }]);
  for (const argv of [['--data='], ['--what'], ['--tls-cert', '/x'], ['--listen', '7080'], ['--listen', 'a:99999']]) {
    assert.throws(() => readProxySettings(argv, {}), refusedWith('invalid-input', /./), argv.join(' '));
  }
});
