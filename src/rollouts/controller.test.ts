import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { RolloutController } from './index.ts';
import { Rig } from './rig.case.ts';

test('controllers killed before and after they advance are taken over by the next, to the same end', async () => {
  const rig = await Rig.open();
  try {
    const one = await rig.domain.release('checkout', 'one');
    const rollout = await rig.ship('checkout', one.digest, 2);
    let kills = 0;
    const names = new Set<string>();
    for (let turns = 0; rig.known(rollout).endedAt === undefined && turns < 200; turns += 1) {
      // Each controller passes as many points as turns before it have, modulo a few, and dies at the next.
      let left = turns % 4;
      const at = (name: string): void => {
        left -= 1;
        if (left >= 0) return;
        kills += 1;
        names.add(name);
        throw new Error('killed');
      };
      await new RolloutController({ ...rig.domain.ports, faults: { at } }).tick().catch((error: Error) => {
        assert.equal(error.message, 'killed');
      });
      await rig.node.apply();
      await rig.node.report();
    }
    assert.equal(rig.known(rollout).state, 'done');
    assert.deepEqual([...names].toSorted(), ['after-advance', 'before-advance']);
    assert.ok(kills > 2);
    assert.equal(rig.serving('checkout'), 2);
    const types = (await rig.domain.entries()).map(({ type, subject }) => `${type} ${subject}`);
    const begun = types.filter((type) => type.includes('step-begun'));
    assert.equal(begun.length, rig.known(rollout).forward.length);
  } finally {
    await rig.domain.close();
  }
});

test('run goes on with every commit until it is told to stop; long polls hear of it', async () => {
  const rig = await Rig.open();
  const stopping = new AbortController();
  try {
    const one = await rig.domain.release('checkout', 'one');
    const running = rig.controller.run(stopping.signal);
    const polled = rig.fleet.assignments({ node: 'web-1', after: 0, wait: 30 }, rig.node.actor);
    const rollout = await rig.ship('checkout', one.digest, 1);
    const { instances } = await polled;
    assert.deepEqual(
      instances.map(({ service, desired }) => [service, desired]),
      [['checkout', 'running']],
    );
    const first = await rig.routes.rollout(
      { rollout, after: rig.known(rollout).plannedIndex, wait: 30 },
      rig.domain.admin,
    );
    assert.ok(first.events.length > 1);
    for (let turns = 0; rig.known(rollout).endedAt === undefined && turns < 1_000; turns += 1) {
      await rig.node.apply();
      await rig.node.report();
      await setImmediate();
    }
    assert.equal(rig.known(rollout).state, 'done');
    stopping.abort();
    await running;
  } finally {
    stopping.abort();
    await rig.domain.close();
  }
});
