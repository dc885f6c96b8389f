import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RevisionDocument } from '#contract';
import { refuseSharedHosts } from './hosts.ts';

const service = (name: string, ...hosts: string[]): RevisionDocument['services'][number] => ({
  service: name,
  tracks: [],
  hosts,
  placement: [],
  values: {},
});
const revision = (...services: RevisionDocument['services']): RevisionDocument => ({
  environment: 'prod',
  services,
  fixity: '0.1.0',
  notReproduced: [],
});

test('a host name belongs to one service', () => {
  refuseSharedHosts(revision(service('cart', 'cart.test'), service('checkout', 'checkout.test', 'checkout.test')));
  assert.throws(
    () => refuseSharedHosts(revision(service('cart', 'shop.test'), service('checkout', 'a.test', 'shop.test'))),
    { code: 'invalid-input', message: 'cart and checkout of prod both claim shop.test' },
  );
});
