import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { currentRevision, readRevisionDocument } from '#environments';
import { loseWatch } from '#fleet';
import { toInstant } from '#kernel';
import { asOfTime } from '#views';
import { RolloutController, rolloutAt } from './index.ts';
import { Rig } from './rig.case.ts';

suite('rolling out', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open();
  });
  afterEach(() => rig.domain.close());

  const revision = () => currentRevision(rig.domain.views, 'prod');

  test('a first ship starts everything at once, then replaces one by one, and each revision is numbered', async () => {
    const one = await rig.domain.release('checkout', 'one');
    const two = await rig.domain.release('checkout', 'two');
    const first = await rig.ship('checkout', one.digest);
    assert.deepEqual(
      rig.known(first).forward.map(({ kind }) => kind),
      ['start', 'shift', 'activate'],
    );
    assert.equal(await rig.finish(first), 'done');
    assert.deepEqual(rig.shape('checkout'), {
      members: Array.from({ length: 3 }, () => one.digest),
      route: Array.from({ length: 3 }, () => one.digest),
      hosts: ['checkout.prod.localhost'],
    });
    assert.equal(revision()?.number, 1);
    const between = rig.domain.clock.now();
    rig.domain.clock.time += 1;
    const second = await rig.ship('checkout', two.digest);
    const kinds = rig.known(second).forward.map(({ kind }) => kind);
    assert.deepEqual(kinds, [...Array.from({ length: 3 }, () => ['start', 'shift', 'stop']).flat(), 'activate']);
    await rig.turn();
    assert.equal(rolloutAt(rig.domain.views, 'prod')?.rollout, second);
    assert.equal(
      rolloutAt(rig.domain.views, 'prod', asOfTime(rig.domain.views, toInstant(between)))?.rollout,
      undefined,
    );
    assert.equal(await rig.finish(second), 'done');
    assert.deepEqual(
      rig.shape('checkout').route,
      Array.from({ length: 3 }, () => two.digest),
    );
    assert.equal(revision()?.number, 2);
    assert.equal(
      rig.node.instances
        .values()
        .filter(({ state }) => state === 'healthy')
        .toArray().length,
      3,
    );
    const { grown, rebuilt } = await rig.domain.rowDigests();
    assert.equal(rebuilt, grown);
  });

  test('a release that exits is put back, and the old one serves throughout', async () => {
    const one = await rig.domain.release('checkout', 'one');
    const two = await rig.domain.release('checkout', 'two');
    await rig.finish(await rig.ship('checkout', one.digest));
    rig.node.behaviours.set(two.digest, 'exits');
    const bad = await rig.ship('checkout', two.digest);
    assert.equal(await rig.finish(bad), 'put-back');
    assert.match(rig.known(bad).why ?? '', /^checkout \w{8} on web-1 exited: exit code 1 after 0\.3 s: no config$/);
    assert.equal(rig.serving('checkout'), 3);
    assert.deepEqual(
      rig.shape('checkout').members,
      Array.from({ length: 3 }, () => one.digest),
    );
    assert.equal(revision()?.number, 1);
  });

  test('a first ship that fails leaves nothing live', async () => {
    const one = await rig.domain.release('checkout', 'one');
    rig.node.behaviours.set(one.digest, 'exits');
    assert.equal(await rig.finish(await rig.ship('checkout', one.digest)), 'put-back');
    assert.deepEqual(rig.shape('checkout'), { members: [], route: [], hosts: [] });
    assert.equal(revision(), undefined);
  });

  test('an instance that never becomes healthy runs out of its time, but not of time when nobody looked', async () => {
    const one = await rig.domain.release('checkout', 'one');
    rig.node.behaviours.set(one.digest, 'silent');
    const rollout = await rig.ship('checkout', one.digest, 1);
    await rig.turn();
    rig.domain.clock.time += 3_600_000;
    rig.controller = new RolloutController(rig.domain.ports);
    await rig.controller.tick();
    assert.equal(rig.known(rollout).state, 'running');
    rig.domain.clock.time += 65_001;
    await rig.controller.tick();
    assert.equal(rig.known(rollout).state, 'putting-back');
    assert.match(rig.known(rollout).why ?? '', /was not healthy within 65 s: starting$/);
    assert.equal(await rig.finish(rollout), 'put-back');
  });

  test('an abort half-way restarts what was stopped and ends with the base', async () => {
    const one = await rig.domain.release('checkout', 'one');
    const two = await rig.domain.release('checkout', 'two');
    await rig.finish(await rig.ship('checkout', one.digest));
    const rollout = await rig.ship('checkout', two.digest);
    while (rig.known(rollout).step < 4) await rig.turn();
    await rig.routes.abortRollout({ rollout, reason: 'wrong release' }, rig.domain.admin);
    await assert.rejects(rig.routes.abortRollout({ rollout, reason: 'again' }, rig.domain.admin), {
      code: 'nothing-to-do',
    });
    assert.equal(await rig.finish(rollout), 'aborted');
    assert.deepEqual(
      rig.shape('checkout').route,
      Array.from({ length: 3 }, () => one.digest),
    );
    assert.equal(revision()?.number, 1);
    const status = await rig.routes.rollout({ rollout }, rig.domain.admin);
    assert.ok(status.events.some(({ says }) => says === 'abort requested: wrong release'));
    assert.equal(status.why, 'wrong release');
  });

  test('what cannot be put back ends stuck, with the mixture as a numbered revision', async () => {
    const one = await rig.domain.release('checkout', 'one');
    const two = await rig.domain.release('checkout', 'two');
    await rig.finish(await rig.ship('checkout', one.digest));
    const rollout = await rig.ship('checkout', two.digest);
    while (rig.known(rollout).step < 4) await rig.turn();
    rig.node.behaviours.set(one.digest, 'exits');
    await rig.routes.abortRollout({ rollout, reason: 'wrong release' }, rig.domain.admin);
    assert.equal(await rig.finish(rollout), 'stuck');
    const current = revision();
    assert.deepEqual([current?.number, current?.kind, rig.known(rollout).revision], [2, 'mixture', 2]);
    assert.ok(current !== undefined);
    const document = await readRevisionDocument(rig.domain.store, current.digest);
    const [service] = document.services;
    const named = service?.tracks.map(({ release, replicas }) => [release, replicas.minimum]);
    const members = rig.alive('checkout');
    const left = new Set(members);
    const counts = [one.digest, two.digest]
      .filter((release) => left.has(release))
      .toSorted()
      .map((release) => [release, members.filter((m) => m === release).length]);
    assert.deepEqual(named, counts);
    assert.equal(
      service?.tracks.reduce((sum, { weight }) => sum + weight, 0),
      100,
    );
  });

  test('a rollback brings back release, scale, hosts and values, under a new number with the earlier digest', async () => {
    const one = await rig.domain.release('checkout', 'one');
    const two = await rig.domain.release('checkout', 'two');
    await rig.finish(await rig.ship('checkout', one.digest, 2, { MODE: 'floor' }));
    const before = { ...rig.shape('checkout'), digest: revision()?.digest };
    await rig.finish(await rig.ship('checkout', two.digest, 4, { MODE: 'half-even' }));
    const to = { environment: 'prod', to: { revision: 1 }, reason: 'INC-1', dryRun: true };
    const size = (await rig.domain.entries()).length;
    const { plan, rollout: none } = await rig.routes.rollBack(to, rig.domain.admin);
    assert.deepEqual([none, (await rig.domain.entries()).length], [undefined, size]);
    assert.deepEqual([plan.revision, plan.target, plan.unchanged], [3, before.digest, 0]);
    const [service] = plan.services;
    assert.deepEqual([service?.from, service?.to], [2, 1]);
    const moved = new Map(service?.differences.map(({ what, before, after }) => [what, `${before} to ${after}`]));
    assert.deepEqual(moved.get('replicas'), '4 to 2');
    assert.deepEqual(moved.get('values.MODE'), 'half-even to floor');
    assert.ok(plan.notUndone.length > 0);
    const { rollout } = await rig.routes.rollBack({ ...to, dryRun: false }, rig.domain.admin);
    assert.equal(await rig.finish(rollout ?? ''), 'done');
    assert.deepEqual({ ...rig.shape('checkout'), digest: revision()?.digest }, before);
    assert.deepEqual([revision()?.number, revision()?.kind], [3, 'rollback']);
    await assert.rejects(rig.routes.rollBack(to, rig.domain.admin), { code: 'nothing-to-do' });
  });

  test('one service can be rolled back alone, and one that was not there goes', async () => {
    const one = await rig.domain.release('checkout', 'one');
    const cart = await rig.domain.release('cart', 'cart');
    await rig.finish(await rig.ship('checkout', one.digest, 1));
    await rig.finish(await rig.ship('cart', cart.digest, 1));
    const to = { environment: 'prod', service: 'cart', to: { revision: 1 }, dryRun: false };
    const { rollout } = await rig.routes.rollBack(to, rig.domain.admin);
    assert.equal(await rig.finish(rollout ?? ''), 'done');
    assert.deepEqual(rig.shape('cart'), { members: [], route: [], hosts: [] });
    assert.equal(rig.shape('checkout').members.length, 1);
  });

  test('refuses a second rollout at once, the wrong platform, and what is so already', async () => {
    const one = await rig.domain.release('checkout', 'one');
    const arm = await rig.domain.release('checkout', 'arm', { 'dev.fixity.platform': 'linux/arm64' });
    await assert.rejects(rig.ship('checkout', arm.digest), (error: Error & { code: string; facts: string[] }) => {
      assert.equal(error.code, 'platform-mismatch');
      assert.match(error.message, /linux\/arm64/);
      assert.deepEqual(error.facts, ['web-1 is linux/amd64']);
      return true;
    });
    const rollout = await rig.ship('checkout', one.digest);
    await assert.rejects(rig.ship('checkout', one.digest), { code: 'rollout-in-progress', members: { rollout } });
    await rig.finish(rollout);
    await assert.rejects(rig.ship('checkout', one.digest), { code: 'nothing-to-do' });
    const size = (await rig.domain.entries()).length;
    await assert.rejects(rig.ship('checkout', `sha256:${'0'.repeat(64)}`), { code: 'not-found' });
    assert.equal((await rig.domain.entries()).length, size);
  });

  test('services that share a build go out together; one that fails takes all back', async () => {
    const checkout = await rig.domain.release('checkout', 'same');
    const cart = await rig.domain.release('cart', 'same');
    const broken = await rig.domain.release('cart', 'broken');
    const part = (service: string, release: typeof cart.digest) => {
      const hosts = [`${service}.localhost`];
      return { service, release, replicas: { minimum: 2, maximum: 2 }, hosts, placement: [], values: {} };
    };
    const request = { environment: 'prod', remove: [], dryRun: false };
    const both = [part('checkout', checkout.digest), part('cart', cart.digest)];
    const { rollout } = await rig.routes.rollOut({ ...request, services: both }, rig.domain.admin);
    assert.equal(await rig.finish(rollout ?? ''), 'done');
    const before = [rig.shape('checkout'), rig.shape('cart')];
    rig.node.behaviours.set(broken.digest, 'exits');
    const worse = { ...part('checkout', checkout.digest), values: { MODE: 'new' } };
    const next = { ...request, services: [worse, part('cart', broken.digest)] };
    const second = await rig.routes.rollOut(next, rig.domain.admin);
    assert.equal(await rig.finish(second.rollout ?? ''), 'put-back');
    assert.deepEqual([rig.shape('checkout'), rig.shape('cart')], before);
  });

  test('without a watched node nothing is planned', async () => {
    const one = await rig.domain.release('checkout', 'one');
    await rig.domain.writer.submit(
      loseWatch,
      { node: 'web-1', lastSeen: toInstant(rig.domain.clock.now()) },
      { actor: 'system:fleet' },
    );
    await assert.rejects(rig.ship('checkout', one.digest), { code: 'no-node' });
  });
});
