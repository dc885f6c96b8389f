import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { liveProcesses, startedWith } from './processes.ts';
import { dataFolder, eventually, output, planOf, runtimeOn } from './testing/plans.ts';

const agent = join(import.meta.dirname, 'testing/agent.ts');
const idle = 'console.log("up"); setInterval(() => {}, 1000);';

/** Runs the agent until a fault point kills it, and answers the signal it died by. */
async function dieAt(
  point: string,
  data: string,
  act: 'start' | 'stop',
  id: string,
  program: string,
  kind = 'marked',
): Promise<unknown> {
  const child = spawn(process.execPath, [agent, data, act, id, point, program, kind], { stdio: 'ignore' });
  const [, signal]: unknown[] = await once(child, 'exit');
  return signal;
}

/** How many processes run in the tree of an instance. */
function copies(data: string, id: string): number {
  const root = join(data, 'instances', id, 'root');
  return liveProcesses().filter((entry) => workingFolder(entry.pid) === root).length;
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

describe('a node agent killed', { timeout: 60_000 }, () => {
  it('before the intent leaves nothing', async (t) => {
    const data = await dataFolder(t);
    assert.equal(await dieAt('tree-prepared', data, 'start', 'before-intent', idle), 'SIGKILL');
    assert.deepEqual(await readdir(join(data, 'instances')), ['before-intent']);
    assert.deepEqual(await runtimeOn(data).list(), []);
    assert.deepEqual(await readdir(join(data, 'instances')), []);
  });

  it('between intent and act runs nothing, and the start can be repeated', async (t) => {
    const data = await dataFolder(t);
    assert.equal(await dieAt('intent-written', data, 'start', 'after-intent', idle), 'SIGKILL');
    const runtime = runtimeOn(data);
    assert.deepEqual(await runtime.list(), []);
    assert.equal(copies(data, 'after-intent'), 0);
    const running = await runtime.start(planOf('after-intent', idle));
    assert.deepEqual(await runtime.list(), [running]);
    assert.equal(copies(data, 'after-intent'), 1);
  });

  for (const point of ['spawned', 'outcome-written']) {
    // nginx and PostgreSQL write over their environment; a program started by `env -i` has none from the start.
    for (const kind of ['marked', 'bare']) {
      it(`at "${point}" is followed by one that finds exactly one process (${kind})`, async (t) => {
        const data = await dataFolder(t);
        const id = `${point}-${kind}`;
        assert.equal(await dieAt(point, data, 'start', id, idle, kind), 'SIGKILL');
        const runtime = runtimeOn(data);
        await output(runtime, id, 'up\n');
        const [found, ...others] = await runtime.list();
        assert.ok(found !== undefined);
        assert.equal(startedWith(found.pid, `FIXITY_INSTANCE=${id}`), kind === 'marked');
        assert.equal(copies(data, id), 1);
        assert.deepEqual(others, []);
        assert.deepEqual(await runtime.start(planOf(id, idle)), found);
        const observed = await runtime.observe(id);
        assert.ok(observed.state === 'running' && observed.executable?.path === process.execPath);
        assert.equal(String((await runtime.logs(id, { stream: 'stdout', bytes: 100 })).bytes), 'up\n');
        // It is nobody's child any more, so how it ended cannot be known.
        const stopped = await runtime.stop(id, { signal: 'SIGTERM', graceMs: 5_000 });
        assert.deepEqual(stopped, { id, exit: {}, killed: false, leftovers: 0 });
        assert.equal(copies(data, id), 0);
      });
    }
  }

  for (const point of ['stop-intended', 'signalled']) {
    it(`while stopping, at "${point}", is followed by one that ends the stop`, async (t) => {
      const data = await dataFolder(t);
      assert.equal(await dieAt('outcome-written', data, 'start', point, idle), 'SIGKILL');
      assert.equal(await dieAt(point, data, 'stop', point, ''), 'SIGKILL');
      const second = runtimeOn(data);
      await assert.rejects(second.start(planOf(point, idle)), { code: 'unsupported' });
      await second.stop(point, { signal: 'SIGTERM', graceMs: 5_000 });
      assert.equal((await second.observe(point)).state, 'exited');
      assert.equal(copies(data, point), 0);
    });
  }

  it('by nothing ends its stop before itself, although an instance does not keep it alive', async (t) => {
    const data = await dataFolder(t);
    const child = spawn(process.execPath, [agent, data, 'both', 'whole', 'never', idle], { stdio: 'ignore' });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    const ended = await runtimeOn(data).observe('whole');
    assert.ok(ended.state === 'exited');
    assert.deepEqual(ended.exit, { signal: 'SIGTERM' });
  });

  it('while the instance ended is followed by one that says it ended, not how', async (t) => {
    const data = await dataFolder(t);
    const program = `${idle} process.on('SIGUSR1', () => process.exit(5));`;
    assert.equal(await dieAt('outcome-written', data, 'start', 'ended', program), 'SIGKILL');
    const runtime = runtimeOn(data);
    await output(runtime, 'ended', 'up\n');
    const [running] = await runtime.list();
    assert.ok(running !== undefined);
    process.kill(running.pid, 'SIGKILL');
    const ended = await eventually(async () => {
      const observed = await runtime.observe('ended');
      return observed.state === 'exited' ? observed : undefined;
    });
    assert.deepEqual(ended.exit, {});
    assert.ok((await stat(join(data, 'instances/ended/root'))).isDirectory());
  });

  it('is followed by one that does not take a stranger with the same pid for its instance', async (t) => {
    const data = await dataFolder(t);
    const runtime = runtimeOn(data);
    await runtime.start(planOf('renamed', idle));
    const { readState, writeState } = await import('./state.ts');
    const folder = join(data, 'instances/renamed');
    const state = await readState(folder);
    assert.ok(state?.process !== undefined);
    // The test itself plays the stranger: a live process, recorded with a start time that is not its own.
    await runtime.stop('renamed', { signal: 'SIGKILL', graceMs: 5_000 });
    await writeState(folder, { ...state, process: { pid: process.pid, startTime: '1' } });
    assert.deepEqual(await runtimeOn(data).list(), []);
  });
});
