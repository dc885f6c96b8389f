import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { z } from 'zod';
import { canonicalJson, type Digest, FixityError } from '#kernel';
import { findArtifact, findTag } from '#registry';
import { type CommandDefinition, defineCommand } from '#writer';
import { openDomain } from '../../tests/support/domain.ts';
import { type Activation, activationDrafts } from './activation.ts';
import { diffRevisions, type Shipment, withShipments } from './documents.ts';
import { freezeRevision, frozenRevision, readRevisionDocument } from './freeze.ts';
import { listEnvironments, listRevisions, oneRevision, report } from './routes.ts';
import { reportedChanges } from './view.ts';

/** As rollouts do it: a command of another room that records the drafts. */
const activate = defineCommand({
  name: 'test.activate',
  input: z.custom<Activation>(),
  decide(context, activation) {
    const drafts = activationDrafts(context, activation);
    return drafts instanceof FixityError ? { refusal: drafts } : { entries: drafts, answer: drafts.length };
  },
});
const domain = await openDomain([activate as unknown as CommandDefinition]);
after(() => domain.close());
const { store, views, writer, clock } = domain;
const meta = { actor: 'user:test' };
const golden = (name: string) => readFile(new URL(`../../tests/golden/environments/${name}`, import.meta.url), 'utf8');
const line = (value: unknown) => `${canonicalJson(value)}\n`;
const refused = (code: string) => (error: unknown) => error instanceof FixityError && error.code === code;

const checkout = (await domain.release('checkout', 'one')).digest;
const checkout2 = (await domain.release('checkout', 'two')).digest;
const cart = (await domain.release('cart', 'three')).digest;
function ship(service: string, release: Digest, more: Partial<Shipment> = {}): Shipment {
  const hosts = [`${service}.prod.localhost`];
  return { service, release, replicas: { minimum: 3, maximum: 3 }, hosts, placement: [], values: {}, ...more };
}

test('a revision is its document and everything its releases list, pulled by its number', async () => {
  const document = withShipments('prod', undefined, [ship('checkout', checkout), ship('cart', cart)]);
  const frozen = await freezeRevision(store, document);
  const changed = [
    { service: 'cart', to: 1 },
    { service: 'checkout', to: 1 },
  ];
  await writer.submit(activate, { ...frozen, environment: 'prod', kind: 'rollout', rollout: 'k1', changed }, meta);
  const index = Buffer.from(await store.read(frozen.digest, 1e6)).toString('utf8');
  assert.equal(`${index}\n`, await golden('index.json'));
  assert.equal(line(await readRevisionDocument(store, frozen.digest)), await golden('document.json'));
  const leaf = (await domain.entries()).find(({ subject }) => subject === 'environment/prod');
  assert.equal(line(leaf?.data), await golden('revision-activated.json'));
  assert.equal(findTag(views, 'fixity/environments/prod', '1')?.digest, frozen.digest);
  for (const { digest } of frozen.members) assert.ok(findArtifact(views, 'fixity/environments/prod', digest));
  assert.deepEqual(await frozenRevision(store, frozen.digest), frozen);
  const answer = await oneRevision({ store, views }, { environment: 'prod', number: 1 });
  assert.deepEqual(answer, { number: 1, digest: frozen.digest, document });
});

test('a rollback has the digest of the revision it went back to, and the next number', async () => {
  const first = await readRevisionDocument(
    store,
    listRevisions(views, { environment: 'prod', limit: 1 }).revisions[0]?.digest as Digest,
  );
  const second = withShipments('prod', first, [ship('checkout', checkout2)], ['cart']);
  clock.time += 1000;
  const forward = [
    { service: 'cart', from: 1 },
    { service: 'checkout', from: 1, to: 2 },
  ];
  await writer.submit(
    activate,
    { ...(await freezeRevision(store, second)), environment: 'prod', kind: 'rollout', changed: forward },
    meta,
  );
  clock.time += 1000;
  const back = [
    { service: 'cart', to: 1 },
    { service: 'checkout', from: 2, to: 1 },
  ];
  await writer.submit(
    activate,
    { ...(await freezeRevision(store, first)), environment: 'prod', kind: 'rollback', changed: back },
    meta,
  );
  const { revisions } = listRevisions(views, { environment: 'prod', limit: 10 });
  assert.deepEqual(
    revisions.map(({ number, until }) => [number, until]),
    [
      [3, undefined],
      [2, revisions[0]?.since],
      [1, revisions[1]?.since],
    ],
  );
  assert.equal(revisions[0]?.digest, revisions[2]?.digest);
  assert.deepEqual(
    listEnvironments(views).environments.map(({ environment, revision, services }) => [
      environment,
      revision,
      services,
    ]),
    [['prod', 3, 2]],
  );
  const says = (await domain.entries())
    .filter(({ subject }) => subject === 'environment/prod')
    .map((entry) => {
      const recorded = { index: 0, entry };
      return `${domain.catalogue.change(recorded)}  ${domain.catalogue.says(recorded)}`;
    });
  assert.deepEqual(says, [
    'deploy  cart r1 added, checkout r1 added (prod#1)',
    'deploy  cart r1 removed, checkout r1 to r2 (prod#2)',
    'rollback  cart r1 added, checkout r2 to r1 (prod#3)',
  ]);
});

test('more changed services than an entry names are counted', async () => {
  const changed = Array.from({ length: 205 }, (_, number) => ({ service: `s${number}`, to: 1 }));
  const frozen = await freezeRevision(store, withShipments('wide', undefined, []));
  await writer.submit(activate, { ...frozen, environment: 'wide', kind: 'mixture', changed }, meta);
  const entry = (await domain.entries()).find(({ subject }) => subject === 'environment/wide');
  const { changed: named, more } = entry?.data ?? {};
  assert.deepEqual([Array.isArray(named) && named.length, more], [200, 5]);
});

test('a reported change is recorded once, at the time it was given', async () => {
  const time = '2026-11-22T01:52:30+01:00';
  const change = {
    environment: 'prod',
    source: 'flags',
    id: 'new-tax/7',
    kind: 'flag',
    summary: 'new-tax to 100 %',
    time,
  };
  const first = await report(writer, change, meta);
  const entry = (await domain.entries())[first.index];
  assert.equal(entry?.basis, 'reported');
  assert.equal(entry?.time, '2026-11-22T00:52:30.000Z');
  assert.equal(line(entry?.data), await golden('change-reported.json'));
  assert.deepEqual(await report(writer, { ...change, time: '2026-11-22T00:52:30Z' }, meta), first);
  await assert.rejects(report(writer, { ...change, summary: 'another' }, meta), refused('version-conflict'));
  await assert.rejects(report(writer, { ...change, id: '8', environment: 'prdo' }, meta), refused('not-found'));
  const found = reportedChanges(views, 'prod', '2026-11-22T00:52:30.000Z', '2026-11-22T00:52:30.001Z');
  assert.deepEqual(
    found.map(({ id, index }) => [id, index]),
    [['new-tax/7', first.index]],
  );
});

test('a source whose clock runs ahead is clamped, and what it gave is kept', async () => {
  const change = {
    environment: 'prod',
    source: 'flags',
    id: '9',
    kind: 'flag',
    summary: 'x',
    time: '2030-01-01T00:00:00Z',
  };
  const { index } = await report(writer, change, meta);
  const entry = (await domain.entries())[index];
  assert.ok(entry !== undefined);
  assert.equal(entry?.time, entry?.recordedtime);
  assert.equal(entry?.data['given'], '2030-01-01T00:00:00.000Z');
});

test('views folded anew are the same', async () => {
  const { grown, rebuilt } = await domain.rowDigests();
  assert.equal(grown, rebuilt);
});

test('a revision that names a release nobody froze is refused', async () => {
  const document = withShipments('prod', undefined, [ship('checkout', `sha256:${'0'.repeat(64)}`)]);
  await assert.rejects(freezeRevision(store, document), refused('not-found'));
});

test('the order of services, hosts, nodes and keys does not matter', async () => {
  const shipments = [
    ship('cart', cart, { hosts: ['a.test', 'b.test'], values: { A: '1', B: '2' } }),
    ship('checkout', checkout, { placement: ['n1', 'n2'] }),
    ship('checkout-2', checkout2),
  ];
  const expected = (await freezeRevision(store, withShipments('prod', undefined, shipments))).digest;
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(shipments, { minLength: 3 }), fc.boolean(), async (order, turn) => {
      const turned = order.map((one) => ({
        ...one,
        hosts: turn ? [...one.hosts].reverse() : [...one.hosts, ...one.hosts],
        placement: turn ? [...one.placement].reverse() : one.placement,
        values: Object.fromEntries(Object.entries(one.values).reverse()),
      }));
      const document = withShipments('prod', undefined, turned);
      assert.equal((await freezeRevision(store, document)).digest, expected);
      assert.deepEqual(diffRevisions(document, withShipments('prod', undefined, shipments)), []);
    }),
    { numRuns: 10 },
  );
});

test('a difference names the services that came, went and changed', () => {
  const before = withShipments('prod', undefined, [ship('a', cart), ship('b', cart), ship('c', cart)]);
  const after = withShipments('prod', before, [ship('b', checkout), ship('d', cart)], ['a']);
  const found = diffRevisions(before, after).map((one) => [one.service, 'before' in one, 'after' in one]);
  assert.deepEqual(found, [
    ['a', true, false],
    ['b', true, true],
    ['d', false, true],
  ]);
});
