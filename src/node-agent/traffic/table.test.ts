import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Assignments } from '#contract';
import { tableOf } from './table.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;

function assigned(desired: Readonly<Record<string, 'running' | 'stopped'>>): Assignments {
  const instances = Object.entries(desired).map(([instance, desired]) => ({
    instance,
    environment: 'prod',
    service: 'checkout',
    release: digest,
    build: digest,
    desired,
    values: {},
  }));
  const routed = instances.map(({ instance }) => ({ instance, weight: 1 }));
  const hosts = ['checkout.prod.localhost'];
  return {
    node: 'web-07',
    version: 3,
    instances,
    logs: [],
    routes: [{ service: 'prod/checkout', hosts, instances: routed }],
  };
}

const at = (port: number) => ({ address: '127.0.0.1', port });
const named = (table: ReturnType<typeof tableOf>) =>
  table.flatMap(({ endpoints }) => endpoints.map(({ instance }) => instance));

test('only instances that are well get traffic', () => {
  const here = [
    { instance: 'aa', state: 'healthy', endpoint: at(1) },
    { instance: 'bb', state: 'unhealthy', endpoint: at(2) },
    { instance: 'cc', state: 'starting', endpoint: at(3) },
    { instance: 'dd', state: 'exited', endpoint: undefined },
  ] as const;
  const running = { aa: 'running', bb: 'running', cc: 'running', dd: 'running' } as const;
  assert.deepEqual(tableOf(assigned(running), here), [
    {
      hosts: ['checkout.prod.localhost'],
      service: 'prod/checkout',
      endpoints: [{ instance: 'aa', address: '127.0.0.1', port: 1, weight: 1 }],
    },
  ]);
});

test('when none is well, those that are there do; the stopped and those on their way out never do', () => {
  const here = [
    { instance: 'aa', state: 'unhealthy', endpoint: at(1) },
    { instance: 'bb', state: 'starting', endpoint: at(2) },
    { instance: 'cc', state: 'stopped', endpoint: at(3) },
    { instance: 'dd', state: 'healthy', endpoint: at(4) },
  ] as const;
  const table = tableOf(assigned({ aa: 'running', bb: 'running', cc: 'running', dd: 'stopped' }), here);
  assert.deepEqual(named(table), ['aa', 'bb']);
});

test('a host that two routes name stays with the first, since the proxy would refuse the whole table', () => {
  const one = assigned({ aa: 'running' });
  const twice = {
    ...one,
    routes: [...one.routes, { service: 'prod/cart', hosts: one.routes[0]?.hosts ?? [], instances: [] }],
  };
  assert.deepEqual(
    tableOf(twice, []).map(({ service }) => service),
    ['prod/checkout'],
  );
});
