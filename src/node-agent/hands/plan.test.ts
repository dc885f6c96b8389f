import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Arbitrary, boolean, constantFrom, assert as hold, property, record, uniqueArray } from 'fast-check';
import { type Action, type Known, plan, type Wanted } from './plan.ts';

const id = constantFrom('aa', 'bb', 'cc', 'dd', 'ee');
const known = record({
  instance: id,
  process: boolean(),
  ended: constantFrom('down', 'stopped', undefined),
  waiting: boolean(),
  busy: boolean(),
});
const wanted = record({ instance: id, desired: constantFrom('running', 'stopped') });
const unique = { selector: (one: { instance: string }) => one.instance };
const wants = uniqueArray<Wanted, string>(wanted as Arbitrary<Wanted>, unique);
const knows = uniqueArray<Known, string>(known as Arbitrary<Known>, unique);

/** The node after an action has succeeded. */
function done(node: readonly Known[], { kind, instance }: Action): Known[] {
  const others = node.filter((one) => one.instance !== instance);
  const before = node.find((one) => one.instance === instance);
  if (kind === 'forget') return others;
  const quiet = { instance, waiting: false, busy: false };
  if (kind === 'start') return [...others, { ...quiet, process: true }];
  const ended = kind === 'stop' && before?.ended === 'down' ? ('down' as const) : ('stopped' as const);
  return [...others, { ...quiet, process: false, ended }];
}

function settled(wanted: readonly Wanted[], node: readonly Known[], current: boolean): readonly Known[] {
  let now = node;
  for (let round = 0; round < 5; round += 1) {
    for (const action of plan(wanted, now, current)) now = done(now, action);
  }
  return now;
}

test('what is busy is left alone, and nothing gets two actions', () => {
  hold(
    property(wants, knows, boolean(), (wanted, node, current) => {
      const named = plan(wanted, node, current).map(({ instance }) => instance);
      assert.equal(new Set(named).size, named.length);
      for (const { instance, busy } of node) assert.ok(!busy || !named.includes(instance));
    }),
  );
});

test('the node comes to rest with exactly what is assigned', () => {
  hold(
    property(wants, knows, (wanted, node) => {
      const idle = node.map((one) => ({ ...one, busy: false, waiting: false }));
      const end = settled(wanted, idle, true);
      assert.deepEqual(plan(wanted, end, true), []);
      const refused = new Set(idle.flatMap(({ instance, ended }) => (ended === undefined ? [] : [instance])));
      const should = wanted.filter(({ instance, desired }) => desired === 'running' && !refused.has(instance));
      const runs = end.flatMap(({ instance, process }) => (process ? [instance] : []));
      assert.deepEqual(runs.toSorted(), should.map(({ instance }) => instance).toSorted());
    }),
  );
});

test('remembered assignments stop nothing that they do not name', () => {
  hold(
    property(wants, knows, (wanted, node) => {
      const named = new Set(wanted.map(({ instance }) => instance));
      for (const { instance } of plan(wanted, node, false)) assert.ok(named.has(instance));
    }),
  );
});

test('an instance that waits to be started again is settled at once when it should be stopped', () => {
  const waiting: Known = { instance: 'aa', process: false, waiting: true, busy: false };
  assert.deepEqual(plan([{ instance: 'aa', desired: 'running' }], [waiting], true), []);
  assert.deepEqual(plan([{ instance: 'aa', desired: 'stopped' }], [waiting], true), [
    { kind: 'settle', instance: 'aa' },
  ]);
});
