import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkHealth } from '#node-agent';
import { isAlive } from './processes.ts';
import {
  dataFolder,
  eventually,
  isRoot,
  needsRoot,
  output,
  planOf,
  quickly,
  runOf,
  runtimeOn,
} from './testing/plans.ts';
import { systemTool } from './tools.ts';
import { isOwnRange } from './user.ts';

const idle = 'console.log("up"); setInterval(() => {}, 1000);';
const server = `
  import { createServer } from 'node:http';
  createServer((_, answer) => answer.end(process.env.FIXITY_INSTANCE)).listen(Number(process.env.PORT), '{{address}}');`;
const tryWrites = `
  import { appendFileSync, chmodSync, writeFileSync } from 'node:fs';
  const attempt = (name, act) => { try { act(); return name + ' done'; } catch (error) { return name + ' ' + error.code; } };
  console.log([
    process.getuid(),
    attempt('change', () => appendFileSync('main.mjs', '//')),
    attempt('chmod', () => chmodSync('main.mjs', 0o777)),
    attempt('add', () => writeFileSync('new', '')),
    attempt('config', () => writeFileSync('../config/app.conf', '')),
    attempt('state', () => writeFileSync('../state.json', '')),
    attempt('writable', () => writeFileSync('cache/new', '')),
    attempt('volume', () => writeFileSync('shared/new-' + process.env.FIXITY_INSTANCE, '')),
  ].join(', '));
  setInterval(() => {}, 1000);`;

describe('an own user', { skip: needsRoot, timeout: 60_000 }, () => {
  it('may write where the run specification says and nowhere else, and is not shared', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    const config = { path: 'app.conf', bytes: Buffer.from('x') };
    const uids = new Set<number>();
    for (const id of ['web-1', 'web-2']) {
      const running = await runtime.start({ ...planOf(id, tryWrites, { writable: ['cache'] }), config });
      assert.deepEqual(running.notes, []);
      const [uid, ...attempts] = (await output(runtime, id, '\n')).trim().split(', ');
      uids.add(Number(uid));
      const denied = ['change EACCES', 'chmod EPERM', 'add EACCES', 'config EACCES', 'state EACCES'];
      assert.deepEqual(attempts, [...denied, 'writable done', 'volume ENOENT']);
    }
    assert.equal(uids.size, 2);
    assert.ok([...uids].every(isOwnRange));
  });

  it('is the same for all instances that share a volume, which outlives them', async (t) => {
    const data = await dataFolder(t);
    const runtime = runtimeOn(data);
    const uids = new Set<string | undefined>();
    for (const id of ['web-1', 'web-2']) {
      const plan = planOf(id, tryWrites, { writable: ['cache'], volumes: [{ name: 'files', path: 'shared' }] });
      await runtime.start(plan);
      const text = await output(runtime, id, '\n');
      assert.match(text, /writable done, volume done/);
      uids.add(text.split(',')[0]);
      await runtime.stop(id, quickly);
      await runtime.remove(id);
    }
    assert.equal(uids.size, 1);
    assert.deepEqual((await readdir(join(data, 'volumes/prod/checkout/files'))).sort(), ['new-web-1', 'new-web-2']);
  });

  it('is given up, with a note, when it could not reach the data', async (t) => {
    const data = join(await dataFolder(t), 'closed');
    await mkdir(data, { mode: 0o700 });
    const runtime = runtimeOn(data);
    const running = await runtime.start(planOf('web-1', idle));
    assert.deepEqual(running.notes, [`runs as root, who can change its files: ${data} is closed to other users`]);
    await assert.rejects(runtime.start(planOf('web-2', idle, { user: 'nobody' })), { code: 'unsupported' });
    assert.equal((await runtime.observe('web-2')).state, 'gone');
    await runtime.stop('web-1', quickly);
    await chmod(data, 0o755);
  });

  it('is found even when it hides its environment, session and output', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    const program = `
      import { spawn } from 'node:child_process';
      const sleep = ['-e', 'setInterval(() => {}, 1000)'];
      const child = spawn(process.execPath, sleep, { detached: true, stdio: 'ignore', env: {}, cwd: '/' });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    await runtime.start(planOf('web-1', program));
    await output(runtime, 'web-1', '\n');
    const { leftovers } = await runtime.stop('web-1', { signal: 'SIGTERM', graceMs: 5_000 });
    assert.equal(leftovers, 1);
  });

  it('never runs code of the release with the rights of root', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    await runtime.start(planOf('web-1', idle, { environment: { LD_PRELOAD: '{{root}}/missing.so' } }));
    await output(runtime, 'web-1', 'up\n');
    // The loader complains once per program that obeys the variable: env(1) is the last before the program itself.
    const { bytes } = await runtime.logs('web-1', { stream: 'stderr', bytes: 10_000 });
    assert.equal(String(bytes).match(/missing\.so/g)?.length, 1);
  });
});

describe('an own network', { skip: needsRoot, timeout: 60_000 }, () => {
  it('is reached at an address of its own, at the declared port, and is gone after the stop', async (t) => {
    const data = await dataFolder(t);
    const runtime = runtimeOn(data, { network: 'own' });
    const addresses = new Set<string>();
    for (const id of ['web-1', 'web-2']) {
      const plan = planOf(id, '', { ports: [{ name: 'http', number: 80 }], environment: { PORT: '{{port}}' } });
      const program = server.replace("'{{address}}'", "'0.0.0.0'");
      const running = await runtime.start({ ...plan, prepare: (root) => writeFile(join(root, 'main.mjs'), program) });
      const [endpoint] = running.endpoints;
      assert.ok(endpoint !== undefined);
      assert.match(endpoint.address, /^10\.213\.\d+\.\d+$/);
      assert.equal(endpoint.port, 80);
      addresses.add(endpoint.address);
      await healthy(endpoint);
      assert.equal(await body(endpoint), id);
    }
    assert.equal(addresses.size, 2);
    const before = await namespacesIn(data);
    assert.equal(before.length, 2);
    for (const id of ['web-1', 'web-2']) await runtime.stop(id, quickly);
    const after = await readdir('/run/netns');
    for (const name of before) assert.ok(!after.includes(name));
  });
});

describe("the machine's network", { timeout: 60_000 }, () => {
  it('gives each instance a free port, and each placeholder its value', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    const ports = new Set<number>();
    for (const id of ['web-1', 'web-2']) {
      const run = { ports: [{ name: 'http', number: 80 }], environment: { PORT: '{{port.http}}' } };
      const [endpoint] = (await runtime.start(planOf(id, server.replace('{{address}}', '127.0.0.1'), run))).endpoints;
      assert.ok(endpoint !== undefined);
      ports.add(endpoint.port);
      await healthy(endpoint);
      assert.equal(await body(endpoint), id);
    }
    assert.equal(ports.size, 2);
  });

  it('refuses a declared port that is taken, and a placeholder that is not known', async (t) => {
    const data = await dataFolder(t);
    const runtime = runtimeOn(data);
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    t.after(() => holder.close());
    const address = holder.address();
    const number = typeof address === 'object' && address !== null ? address.port : 0;
    await assert.rejects(runtime.start(planOf('a', idle, { ports: [{ name: 'http', number }] })), {
      code: 'port-taken',
    });
    await assert.rejects(runtime.start(planOf('b', idle, { environment: { A: '{{what}}' } })), {
      code: 'invalid-input',
    });
    await assert.rejects(runtime.start(planOf('c', idle, { command: ['./missing'] })), { code: 'not-found' });
    await assert.rejects(runtime.start(planOf('d', idle, { writable: ['../out'] })), { code: 'invalid-input' });
    await assert.rejects(runtime.start(planOf('e', idle, { environment: { FIXITY_START: '' } })), {
      code: 'invalid-input',
    });
    assert.deepEqual(await readdir(join(data, 'instances')), []);
  });

  it('carries nginx with a rendered configuration', {
    skip: systemTool('nginx') ? false : 'needs nginx',
  }, async (t) => {
    const data = await dataFolder(t);
    const runtime = runtimeOn(data, isRoot ? { network: 'auto' } : {});
    const text = `daemon off; pid {{root}}/run/nginx.pid; error_log stderr; events {}
      http { access_log /dev/stdout; client_body_temp_path {{root}}/run; proxy_temp_path {{root}}/run;
        fastcgi_temp_path {{root}}/run; uwsgi_temp_path {{root}}/run; scgi_temp_path {{root}}/run;
        server { listen {{address}}:{{port}}; location / { return 200 "{{instance}} $request_method"; } } }\n`;
    const run = runOf([systemTool('nginx') ?? '', '-e', 'stderr', '-c', '{{config}}'], {
      ports: [{ name: 'http' }],
      writable: ['run'],
      health: { kind: 'http', path: '/', intervalMs: 50, timeoutMs: 1_000, deadlineMs: 5_000, successes: 1 },
      limits: { memoryBytes: 256 << 20, openFiles: 512 },
    });
    const config = { path: 'nginx.conf', bytes: Buffer.from(text) };
    const running = await runtime.start({ id: 'web-1', service: 'web', environment: 'prod', config, run });
    const [endpoint] = running.endpoints;
    assert.ok(endpoint !== undefined);
    await eventually(async () => ((await checkHealth(endpoint, run.health)).healthy ? true : undefined));
    assert.equal(await body(endpoint), 'web-1 GET');
    assert.match(await output(runtime, 'web-1', '\n'), /"GET \/ HTTP\/1.1" 200/);
    assert.match(await readFile(`/proc/${running.pid}/limits`, 'utf8'), /Max open files +512 +512/);
    const stopped = await runtime.stop('web-1', { signal: 'SIGQUIT', graceMs: 5_000 });
    assert.deepEqual(stopped, { id: 'web-1', exit: { code: 0 }, killed: false, leftovers: 0 });
    assert.ok(!isAlive(running));
  });
});

describe('without root', { skip: needsRoot, timeout: 60_000 }, () => {
  it('all of it holds as well', async () => {
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--', process.execPath, '--test'];
    const files = ['runtime', 'recovery', 'isolation'].map((name) => join(import.meta.dirname, `${name}.test.ts`));
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(systemTool('setpriv') ?? '', [...nobody, ...files], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += String(chunk)));
    const [code]: unknown[] = await once(child, 'close');
    assert.equal(code, 0, said);
  });
});

async function healthy(endpoint: { name: string; address: string; port: number }): Promise<void> {
  const health = { kind: 'http', intervalMs: 10, timeoutMs: 1_000, deadlineMs: 5_000, successes: 1 } as const;
  await eventually(async () => ((await checkHealth(endpoint, health)).healthy ? true : undefined));
}

function body(endpoint: { address: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: endpoint.address, port: endpoint.port, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

/** Names of the network namespaces that the instances of a data folder were given. */
async function namespacesIn(data: string): Promise<string[]> {
  const ids = await readdir(join(data, 'instances'));
  const texts = await Promise.all(ids.map((id) => readFile(join(data, 'instances', id, 'state.json'), 'utf8')));
  return texts.map((text) => (JSON.parse(text) as { network: { namespace: string } }).network.namespace);
}
