import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Assignments, LiveAnswer } from '#contract';
import { faultPoints } from '#node-agent';
import { Installation } from '../support/installation.ts';
import { instanceProcesses } from '../support/processes.ts';
import { until } from '../support/until.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples', 'checkout');

suite('a node agent that is killed', { timeout: 240_000 }, () => {
  const fixity = new Installation();

  /** What the node was last told, as it keeps it. */
  const assigned = (): string[] => {
    const kept = readFileSync(join(fixity.data, 'node', 'assignments.json'), 'utf8');
    const { instances } = JSON.parse(kept) as Assignments;
    return instances.flatMap(({ instance, desired }) => (desired === 'running' ? [instance] : [])).toSorted();
  };
  const running = (): string[] =>
    instanceProcesses(fixity.folder)
      .map(({ instance }) => instance)
      .toSorted();
  const ship = (version: 'v1' | 'v2') =>
    fixity.fixity('ship', '-f', join(fixity.folder, version, 'fixity.yaml'), '--env=prod', '--allow-dirty', '--yes');

  before(async () => {
    cpSync(examples, fixity.folder, { recursive: true });
    await fixity.start();
    const { code, err } = await ship('v1');
    assert.equal(code, 0, err);
  });
  after(() => fixity.close());

  for (const [at, point] of faultPoints.entries()) {
    test(`at ${point}: the rollout under way ends as planned, with no process too many or too few`, async () => {
      await fixity.agent.kill('SIGTERM');
      await fixity.agent.start({ FIXITY_FAULT_AT: point });
      const shipping = ship(at % 2 === 0 ? 'v2' : 'v1');
      await fixity.agent.ended();
      await fixity.agent.start();
      const { code, err, out } = await shipping;
      assert.equal(code, 0, `${err}${out}`);
      await until('exactly what is assigned', () => {
        const there = running();
        return there.length === 3 && there.join() === assigned().join();
      });
      const live = await fixity.json<LiveAnswer>('live', 'prod');
      assert.equal(live.services[0]?.up, 3);
    });
  }

  test('while the server is away a crashed instance is started again, and told of afterwards', async () => {
    const [victim] = instanceProcesses(fixity.folder);
    assert.ok(victim);
    await fixity.server.kill();
    process.kill(victim.pid, 'SIGKILL');
    await until('the instance to be back', () => {
      const now = instanceProcesses(fixity.folder).find(({ instance }) => instance === victim.instance);
      return now !== undefined && now.pid !== victim.pid;
    });
    await fixity.agent.kill();
    await fixity.server.start();
    await fixity.agent.start();
    await until('all three up', async () => {
      const { services } = await fixity.json<LiveAnswer>('live', 'prod');
      return services[0]?.up === 3;
    });
    assert.doesNotMatch(fixity.agent.log(), /an observation was refused/);
  });

  test('a second node agent on the same folder is refused', async () => {
    const program = join(import.meta.dirname, '..', '..', 'src', 'main', 'node-agent.ts');
    const flags = [program, '--data', join(fixity.data, 'node'), '--server', fixity.url, '--node', 'node-a'];
    const { status, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /in use by/);
  });
});
