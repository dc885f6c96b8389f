import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestOf } from '#kernel';
import { isAlive, readProcess } from './processes.ts';
import { dataFolder, eventually, output, planOf, quickly, runOf, runtimeOn } from './testing/plans.ts';

const idle = 'console.log("up"); setInterval(() => {}, 1000);';

describe('a process runtime', { timeout: 60_000 }, () => {
  it('starts, lists, observes and stops an instance, each as often as it is asked', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    const plan = planOf('web-1', `process.on('SIGTERM', () => process.exit(7)); ${idle}`);
    const [running, again] = await Promise.all([runtime.start(plan), runtime.start(plan)]);
    assert.deepEqual(again, running);
    assert.deepEqual(await runtime.list(), [running]);
    assert.ok(isAlive(running));

    await output(runtime, 'web-1', 'up\n');
    const observed = await runtime.observe('web-1');
    assert.ok(observed.state === 'running');
    assert.deepEqual(observed.running, running);
    assert.equal(observed.executable?.path, process.execPath);
    assert.equal(observed.executable?.digest, digestOf(await readFile(process.execPath)));

    const stopped = await runtime.stop('web-1', { signal: 'SIGTERM', graceMs: 5_000 });
    assert.deepEqual(stopped, { id: 'web-1', exit: { code: 7 }, killed: false, leftovers: 0 });
    assert.deepEqual(await runtime.stop('web-1', quickly), stopped);
    assert.deepEqual(await runtime.list(), []);
    const after = await runtime.observe('web-1');
    assert.ok(after.state === 'exited');
    assert.deepEqual(after.exit, { code: 7 });
    await assert.rejects(runtime.start(plan), { code: 'unsupported' });
  });

  it('answers for an id it never heard of', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    assert.deepEqual(await runtime.observe('nobody'), { id: 'nobody', state: 'gone' });
    assert.deepEqual(await runtime.stop('nobody', quickly), { id: 'nobody', exit: {}, killed: false, leftovers: 0 });
    await runtime.remove('nobody');
    await assert.rejects(runtime.logs('nobody', { stream: 'stdout', bytes: 1 }), { code: 'not-found' });
    await assert.rejects(runtime.observe('../escape'), { code: 'invalid-input' });
  });

  it('records how an instance ended by itself, and starts it afresh with its output appended', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    const plan = planOf('web-1', 'console.log("run"); process.exit(3);');
    for (const runs of [1, 2]) {
      await runtime.start(plan);
      const ended = await eventually(async () => {
        const observed = await runtime.observe('web-1');
        return observed.state === 'exited' ? observed : undefined;
      });
      assert.deepEqual(ended.exit, { code: 3 });
      assert.equal(await output(runtime, 'web-1', 'run\n'), 'run\n'.repeat(runs));
    }
    const part = await runtime.logs('web-1', { stream: 'stdout', from: 2, bytes: 4 });
    assert.deepEqual({ ...part, bytes: String(part.bytes) }, { bytes: 'n\nru', from: 2, size: 8 });
    const tail = await runtime.logs('web-1', { stream: 'stdout', bytes: 3 });
    assert.equal(String(tail.bytes), 'un\n');
    await assert.rejects(runtime.logs('web-1', { stream: 'stdout', from: 9, bytes: 1 }), { code: 'range-invalid' });
  });

  it('kills after the grace what ignores its signal', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    await runtime.start(planOf('web-1', `process.on('SIGTERM', () => {}); ${idle}`));
    await output(runtime, 'web-1', 'up\n');
    const stopped = await runtime.stop('web-1', { signal: 'SIGTERM', graceMs: 30 });
    assert.deepEqual(stopped, { id: 'web-1', exit: { signal: 'SIGKILL' }, killed: true, leftovers: 0 });
  });

  it('leaves no child behind, not even one in a session of its own', async (t) => {
    const runtime = runtimeOn(await dataFolder(t));
    const program = `
      import { spawn } from 'node:child_process';
      const sleep = ['-e', 'setInterval(() => {}, 1000)'];
      const pids = [false, true].map((detached) => spawn(process.execPath, sleep, { detached, stdio: 'ignore' }).pid);
      console.log(pids.join(' '));
      process.on('SIGTERM', () => process.exit(0));`;
    await runtime.start(planOf('web-1', program));
    const pids = (await output(runtime, 'web-1', '\n')).trim().split(' ').map(Number);
    const children = pids.map((pid) => readProcess(pid));
    const stopped = await runtime.stop('web-1', { signal: 'SIGTERM', graceMs: 5_000 });
    assert.deepEqual(stopped, { id: 'web-1', exit: { code: 0 }, killed: false, leftovers: 2 });
    for (const child of children) assert.ok(child !== undefined && !isAlive(child));
  });

  it('gives a child of the agent no more of its environment than it should', async (t) => {
    const environment = { PATH: process.env['PATH'], LANG: 'C.UTF-8', FIXITY_TOKEN: 'secret', HOME: '/nowhere' };
    const runtime = runtimeOn(await dataFolder(t), { environment });
    const program = 'console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000);';
    const running = await runtime.start(planOf('web-1', program, { environment: { WHO: '{{instance}} in {{root}}' } }));
    const { FIXITY_START: token, ...given } = JSON.parse(await output(runtime, 'web-1', '\n')) as Record<
      string,
      string
    >;
    assert.match(token ?? '', /^[0-9a-f]{32}$/);
    assert.deepEqual(given, {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      HOME: running.folder,
      FIXITY_INSTANCE: 'web-1',
      FIXITY_SERVICE: 'checkout',
      FIXITY_ENVIRONMENT: 'prod',
      WHO: `web-1 in ${running.folder}/root`,
    });
  });

  it('runs from a copy of its own, with the configuration rendered and read-only', async (t) => {
    const data = await dataFolder(t);
    const source = join(data, 'source');
    await mkdir(source);
    await writeFile(join(source, 'main.mjs'), idle);
    const runtime = runtimeOn(data);
    const run = runOf([process.execPath, './main.mjs'], {
      ports: [{ name: 'http' }, { name: 'admin' }],
      writable: ['cache'],
    });
    const config = {
      path: 'app.conf',
      bytes: Buffer.from('a={{port}} b={{port.admin}} {{config}} {{ port }} {{other}} \xff', 'latin1'),
    };
    const running = await runtime.start({
      id: 'web-1',
      service: 'web',
      environment: 'prod',
      folder: source,
      config,
      run,
    });
    const [http, admin] = running.endpoints;
    const path = join(running.folder, 'config/app.conf');
    const bytes = await readFile(path);
    assert.equal(bytes.toString('latin1'), `a=${http?.port} b=${admin?.port} ${path} {{ port }} {{other}} \xff`);
    assert.equal(running.renderedDigest, digestOf(bytes));
    assert.equal((await stat(path)).mode & 0o777, 0o444);
    const copy = await stat(join(running.folder, 'root/main.mjs'));
    assert.notEqual(copy.ino, (await stat(join(source, 'main.mjs'))).ino);
    assert.ok((await stat(join(running.folder, 'root/cache'))).isDirectory());
  });

  it('keeps the output of removed instances, of the latest ones only', async (t) => {
    let now = Date.parse('2026-11-22T01:00:00Z');
    const clock = { now: () => (now += 1_000) };
    const runtime = runtimeOn(await dataFolder(t), { keepStopped: 1, clock });
    for (const id of ['a', 'b']) {
      const running = await runtime.start(planOf(id, idle));
      await output(runtime, id, 'up\n');
      await assert.rejects(runtime.remove(id), { code: 'unsupported' });
      await runtime.stop(id, quickly);
      await runtime.remove(id);
      await assert.rejects(stat(join(running.folder, 'root')), { code: 'ENOENT' });
      assert.equal(String((await runtime.logs(id, { stream: 'stdout', bytes: 10 })).bytes), 'up\n');
    }
    await assert.rejects(runtime.logs('a', { stream: 'stdout', bytes: 10 }), { code: 'not-found' });
  });
});
