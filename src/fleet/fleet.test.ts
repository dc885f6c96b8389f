import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { toInstant } from '#kernel';
import { asOfNow, asOfTime } from '#views';
import { type Domain, openDomain } from '../../tests/support/domain.ts';
import { SimulatedNode } from '../../tests/support/simulated-node.ts';
import { enrolNodeCommand } from './commands.ts';
import { FleetRoutes, instanceAt, lastReport, nodes, WatchController, watchedAt, watchGaps } from './index.ts';

suite('nodes and what they report', () => {
  let domain: Domain;
  let fleet: FleetRoutes;
  let web: SimulatedNode;

  before(async () => {
    domain = await openDomain();
    fleet = new FleetRoutes(domain.ports);
    web = new SimulatedNode(domain, fleet, 'web-1');
    await web.enrol();
  });
  after(() => domain.close());

  test('a name belongs to the key that took it first, and the token is not used up by a refusal', async () => {
    const other = new SimulatedNode(domain, fleet, 'web-1');
    const { token } = domain.identity.enrolments.create();
    const platform = { os: 'linux', architecture: 'amd64' };
    const enrolment = { token, node: 'web-1', platform, runtimes: ['process' as const] };
    await assert.rejects(fleet.enrol({ ...enrolment, key: other.verifier }), { code: 'forbidden' });
    const again = await fleet.enrol({ ...enrolment, key: web.verifier });
    assert.equal(domain.identity.authenticate(again.token)?.id, 'node:web-1');
    await assert.rejects(fleet.enrol({ ...enrolment, key: web.verifier }), { code: 'unauthenticated' });
    const enrolled = (await domain.entries()).filter(({ type }) => type.includes('node-enrolled'));
    assert.equal(enrolled.length, 1);
    const input = { node: 'web-1', key: other.verifier, platform, runtimes: ['process'] };
    await assert.rejects(domain.writer.submit(enrolNodeCommand, input, { actor: 'node:web-1' }), { code: 'forbidden' });
  });

  test('the first observation begins the watch; the same again is only a heartbeat', async () => {
    await web.apply();
    await web.report();
    const size = (await domain.entries()).length;
    await web.report();
    assert.equal((await domain.entries()).length, size);
    assert.equal(nodes(domain.views)[0]?.watched, true);
    const [summary] = fleet.nodes(domain.admin);
    assert.deepEqual([summary?.watching, summary?.seen, summary?.notes], [true, toInstant(domain.clock.now()), []]);
  });

  test('a repeated, an older and a foreign observation are refused, counted and told', async () => {
    const sent = web.lastSent;
    assert.ok(sent !== undefined);
    await assert.rejects(web.send(sent), { code: 'version-conflict' });
    const stranger = new SimulatedNode(domain, fleet, 'web-1');
    await assert.rejects(stranger.report({ sequence: 99 }), { code: 'tampered' });
    const other = { id: 'node:web-2', role: 'node' as const, token: 'test' };
    await assert.rejects(fleet.observe({ node: 'web-1', envelope: sent }, other), { code: 'forbidden' });
    const [summary] = fleet.nodes(domain.admin);
    assert.equal(summary?.notes[0], '2 observations refused');
    assert.match(await domain.ports.metrics.render(), /fixity_fleet_observations_refused_total\{node="web-1"\} 2/);
    await web.report();
  });

  test('silence of more than 15 s is recorded from when the node was last heard of, and ends with it', async () => {
    const controller = new WatchController(domain.ports);
    const seen = domain.clock.now();
    domain.clock.time += 15_000;
    await controller.tick();
    assert.equal(nodes(domain.views)[0]?.watched, true);
    domain.clock.time += 1;
    await controller.tick();
    await controller.tick();
    assert.equal(nodes(domain.views)[0]?.watched, false);
    assert.equal(watchedAt(domain.views, 'web-1', asOfTime(domain.views, toInstant(seen + 1))), false);
    domain.clock.time += 5_000;
    await web.report();
    assert.equal(nodes(domain.views)[0]?.watched, true);
    const gap = { node: 'web-1', from: toInstant(seen), until: toInstant(domain.clock.now()) };
    const now = toInstant(domain.clock.now() + 1);
    assert.deepEqual(watchGaps(domain.views, toInstant(seen - 1), now), [gap]);
    assert.deepEqual(watchGaps(domain.views, toInstant(seen + 10), now), [{ ...gap, from: toInstant(seen + 10) }]);
  });

  test('a gap that nobody was there to notice is recorded with the observation that ends it', async () => {
    const seen = domain.clock.now();
    domain.clock.time += 60_000;
    await web.report();
    const types = (await domain.entries()).slice(-2).map(({ type, basis }) => [type, basis]);
    assert.deepEqual(types, [
      ['dev.fixity.fleet.watch-lost.v1', 'inferred'],
      ['dev.fixity.fleet.watch-began.v1', 'observed'],
    ]);
    assert.equal(watchedAt(domain.views, 'web-1', asOfTime(domain.views, toInstant(seen + 1))), false);
  });

  test('an observation from a clock ahead counts as now and says so', async () => {
    web.instances.set('ghost1', {
      instance: 'ghost1',
      release: '',
      state: 'healthy',
      since: toInstant(0),
      restarts: 0,
      notes: [],
    });
    await web.report({ time: toInstant(domain.clock.now() + 3_600_000), routed: 0 });
    assert.ok((lastReport(domain.views, 'web-1')?.time ?? '') <= toInstant(domain.clock.now()));
    const notes = fleet.nodes(domain.admin)[0]?.notes.join('; ') ?? '';
    assert.match(notes, /runs ghost1, which it was never assigned; its clock is 3600 s ahead/);
    assert.equal(instanceAt(domain.views, 'ghost1', asOfNow(domain.views, toInstant(domain.clock.now()))), undefined);
    web.instances.clear();
  });

  test('a rebuild gives the same rows', async () => {
    const { grown, rebuilt } = await domain.rowDigests();
    assert.equal(rebuilt, grown);
  });

  test('every ten minutes the latest observations are anchored, when anybody looks', async () => {
    const watch = new WatchController(domain.ports);
    const anchors = async () => (await domain.entries()).filter(({ type }) => type.includes('observations-anchored'));
    await watch.tick();
    assert.equal((await anchors()).length, 0);
    domain.clock.time += 600_000;
    await web.report();
    await watch.tick();
    await watch.tick();
    const [anchor, ...others] = await anchors();
    assert.deepEqual([anchor?.data['count'], others.length], [1, 0]);
    const list = await domain.store.read(anchor?.data['list'] as `sha256:${string}`, 10_000);
    assert.match(Buffer.from(list).toString('utf8'), /"node":"web-1"/);
  });
});
