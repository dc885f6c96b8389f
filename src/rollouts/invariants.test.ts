import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { currentRevision, readRevisionDocument } from '#environments';
import type { Entry } from '#ledger';
import type { Behaviour } from '../../tests/support/simulated-node.ts';
import { RolloutController } from './index.ts';
import { type RolloutEvent, rolloutEvents, step, transitions } from './machine.ts';
import { Rig } from './rig.case.ts';

const act = fc.oneof(
  { weight: 6, arbitrary: fc.constant('tick' as const) },
  { weight: 6, arbitrary: fc.constant('apply' as const) },
  { weight: 6, arbitrary: fc.constant('report' as const) },
  { weight: 2, arbitrary: fc.constant('repeat' as const) },
  { weight: 2, arbitrary: fc.constant('wait' as const) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
  { weight: 1, arbitrary: fc.constant('crash new' as const) },
  { weight: 1, arbitrary: fc.constant('abort' as const) },
);
const behaviour = fc.constantFrom<Behaviour>('healthy', 'healthy', 'slow', 'exits', 'silent');

async function perform(rig: Rig, rollout: string, what: string): Promise<void> {
  const { node, domain } = rig;
  const fresh = rig.known(rollout).forward.flatMap(({ start = [] }) => start);
  if (what === 'tick') await rig.controller.tick();
  if (what === 'apply') await node.apply();
  if (what === 'report') await node.report();
  if (what === 'wait') domain.clock.time += 3_000;
  if (what === 'restart') rig.controller = new RolloutController(domain.ports);
  if (what === 'repeat' && node.lastSent !== undefined) {
    await assert.rejects(node.send(node.lastSent), { code: 'version-conflict' });
  }
  if (what === 'crash new') for (const { instance } of fresh.slice(0, 1)) node.crash(instance);
  if (what === 'abort' && rig.known(rollout).state === 'running') {
    await rig.routes.abortRollout({ rollout, reason: 'as asked' }, domain.admin);
  }
}

/** Invariants 2 and 5, from the entries alone. */
function checkEntries(entries: readonly Entry[], rollout: string): void {
  const own = entries.filter(({ subject }) => subject === `rollout/${rollout}`);
  assert.equal(own.filter(({ type }) => type.includes('ended')).length, 1);
  assert.match(own.at(-1)?.type ?? '', /ended/);
  const begun = new Set(own.filter(({ type }) => type.includes('step-begun')).map(({ commandid }) => commandid));
  const planned = entries.findIndex(({ type, data }) => type.includes('planned') && data['rollout'] === rollout);
  const acts = entries.slice(planned).filter(({ type }) => /instance-assigned|instance-retired|routed/.test(type));
  assert.ok(acts.every(({ commandid }) => begun.has(commandid)));
}

suite('what always holds', () => {
  test('nothing follows a terminal state, and the table answers every event', () => {
    const over = ['done', 'put-back', 'aborted', 'stuck'] as const;
    for (const state of over) {
      for (const event of rolloutEvents) assert.throws(() => step(state, event), /cannot happen/);
    }
    const live: readonly RolloutEvent[] = ['begin-step', 'finish-step'];
    for (const event of live) assert.equal(transitions['putting-back'][event], 'putting-back');
  });

  test('invariants 1 to 6 and 8, whatever the node does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        behaviour,
        fc.array(act, { minLength: 10, maxLength: 60 }),
        async (before, after, how, acts) => {
          const rig = await Rig.open();
          try {
            const one = await rig.domain.release('checkout', 'one');
            const two = await rig.domain.release('checkout', 'two');
            assert.equal(await rig.finish(await rig.ship('checkout', one.digest, before)), 'done');
            const base = rig.shape('checkout');
            rig.node.behaviours.set(two.digest, how);
            const rollout = await rig.ship('checkout', two.digest, after);
            for (const what of acts) {
              await perform(rig, rollout, what);
              if (what === 'crash new' || rig.known(rollout).state !== 'running') break;
              assert.ok(rig.serving('checkout') >= Math.min(before, after), 'invariant 1');
            }
            const state = await rig.finish(rollout);
            const { target } = rig.known(rollout);
            const current = currentRevision(rig.domain.views, 'prod');
            const shape = rig.shape('checkout');
            if (state === 'done') {
              assert.equal(current?.digest, target);
              assert.deepEqual(
                shape.members,
                Array.from({ length: after }, () => two.digest),
              );
              assert.deepEqual(shape.route, shape.members);
            } else if (state === 'stuck') {
              assert.equal(current?.kind, 'mixture');
              const { services } = await readRevisionDocument(rig.domain.store, current.digest);
              const named = services.flatMap(({ tracks }) => tracks.map(({ replicas }) => replicas.minimum));
              assert.equal(
                named.reduce((sum, count) => sum + count, 0),
                rig.alive('checkout').length,
              );
            } else {
              assert.deepEqual(shape, base);
              assert.equal(current?.number, 1);
            }
            checkEntries(await rig.domain.entries(), rollout);
            const { grown, rebuilt } = await rig.domain.rowDigests();
            assert.equal(rebuilt, grown);
          } finally {
            await rig.domain.close();
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
