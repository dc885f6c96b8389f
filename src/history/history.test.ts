import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { changesAnswer, liveAnswer, logAnswer } from '#contract';
import { reportChange } from '#environments';
import { WatchController } from '#fleet';
import { type Digest, FixityError, toInstant } from '#kernel';
import { openShipyard, type Shipyard } from '../../tests/support/shipyard.ts';

describe('history', () => {
  let shop: Shipyard;
  const releases: Digest[] = [];
  const moments: string[] = [];
  const now = (): string => toInstant(shop.domain.clock.now());
  const changesQuery = (more: object = {}) => ({ environment: 'prod', since: '2026-11-22T00:00:00Z', ...more });

  before(async () => {
    shop = await openShipyard();
    for (const content of ['one', 'two']) releases.push((await shop.domain.release('checkout', content)).digest);
    const first = await shop.begin('checkout', releases[0] as Digest);
    await shop.turn();
    const rising = await shop.history.live({ environment: 'prod' });
    assert.equal(rising.moment.revision, undefined);
    assert.equal(rising.rollout?.rollout, first);
    assert.deepEqual(
      rising.services.map(({ service, state, problem, wanted }) => ({ service, state, problem, wanted })),
      [{ service: 'checkout', state: 'rolling out', problem: false, wanted: 2 }],
    );
    assert.equal(await shop.finish(first), 'done');
    moments.push(now());
    shop.domain.clock.time += 60_000;
    await shop.ship('checkout', releases[1] as Digest);
    moments.push(now());
  });
  after(() => shop.close());

  it('says what is live now, by whom and since when', async () => {
    const live = await shop.history.live({ environment: 'prod' });
    liveAnswer.parse(live);
    assert.equal(live.moment.now, true);
    assert.equal(live.moment.revision, 2);
    assert.equal(live.rollout, undefined);
    const [checkout] = live.services;
    assert.ok(checkout !== undefined);
    assert.deepEqual(checkout.intended, [{ release: releases[1], number: 2, weight: 100, replicas: 2 }]);
    assert.equal(checkout.state, 'as deployed');
    assert.equal(`${checkout.up}/${checkout.wanted}`, '2/2');
    assert.equal(checkout.since, live.moment.since);
    assert.equal(checkout.by, shop.domain.identity.directory.nameOf(shop.domain.admin.id) ?? shop.domain.admin.id);
    assert.ok(
      checkout.instances.every(({ state, serving, node }) => state === 'healthy' && serving && node === 'web-1'),
    );
    assert.equal(live.verifiedTo, shop.fleet.seen('web-1'));
    assert.deepEqual(live.notWatched, []);
  });

  it('says what was live then, by time, number, steps back and entry, and never changes its answer', async () => {
    const then = await shop.history.live({ environment: 'prod', time: moments[0] });
    assert.equal(then.moment.revision, 1);
    assert.equal(then.services[0]?.intended[0]?.release, releases[0]);
    assert.equal(then.services[0]?.state, 'as deployed');
    assert.equal(then.services[0]?.up, 2);
    for (const query of [{ revision: 1 }, { back: 1 }]) {
      const other = await shop.history.live({ environment: 'prod', ...query });
      assert.equal(other.services[0]?.intended[0]?.release, releases[0]);
      assert.equal(other.services[0]?.state, 'as deployed');
      assert.equal(other.rollout, undefined);
    }
    const index = then.moment.size - 1;
    const { services } = await shop.history.live({ environment: 'prod', index });
    assert.equal(services[0]?.intended[0]?.number, 2);
  });

  it('shows the rollout under way at a past moment, and an instance that is not well', async () => {
    const rollout = await shop.begin('checkout', releases[0] as Digest);
    await shop.turn();
    const during = now();
    const seen = await shop.history.live({ environment: 'prod' });
    assert.equal(seen.services[0]?.state, 'rolling out');
    assert.equal(await shop.finish(rollout), 'done');
    const again = await shop.history.live({ environment: 'prod', time: during });
    assert.equal(again.rollout?.rollout, rollout);
    assert.equal(again.services[0]?.state, 'rolling out');
    const [victim] = (await shop.history.live({ environment: 'prod' })).services[0]?.instances ?? [];
    assert.ok(victim !== undefined);
    shop.node.crash(victim.instance);
    await shop.node.report();
    const broken = await shop.history.live({ environment: 'prod' });
    assert.equal(broken.services[0]?.state, '1 of 2 not healthy: exited, killed by SIGSEGV');
    assert.equal(broken.services[0]?.problem, true);
    assert.equal(broken.services[0]?.up, 1);
  });

  it('lists the changes in order with who asked and the digests', async () => {
    await shop.domain.writer.submit(
      reportChange,
      { environment: 'prod', source: 'flags', id: 'f-1', kind: 'flag', summary: 'new-tax to 100 %' },
      { actor: 'user:test' },
    );
    const answer = await shop.history.changes(changesQuery());
    changesAnswer.parse(answer);
    assert.deepEqual(
      answer.changes.map(({ change, says }) => [change, says]),
      [
        ['deploy', 'checkout r1 added (prod#1)'],
        ['deploy', 'checkout r1 to r2 (prod#2)'],
        ['deploy', 'checkout r2 to r1 (prod#3)'],
        ['flag', 'new-tax to 100 % (reported by flags)'],
      ],
    );
    assert.equal(answer.changes[0]?.actor, 'system:rollouts');
    assert.notEqual(answer.changes[0]?.by, 'system:rollouts');
    assert.ok(answer.changes[1]?.digests.some((digest) => digest.startsWith('sha256:')));
    const of = await shop.history.changes(changesQuery({ service: 'checkout' }));
    assert.deepEqual(
      of.changes.map(({ change }) => change),
      ['deploy', 'deploy', 'deploy'],
    );
    const early = await shop.history.changes(changesQuery({ until: toInstant(Date.parse(moments[0] ?? '') + 1) }));
    assert.equal(early.changes.length, 1);
    const known = await shop.history.changes(changesQuery({ knownAt: moments[0] }));
    assert.equal(known.changes.length, 1);
  });

  it('says who had a rollout put back, and that what Fixity put back by itself was its own doing', async () => {
    const from = now();
    const aborted = await shop.begin('checkout', releases[1] as Digest);
    await shop.turn();
    await shop.rollouts.abortRollout({ rollout: aborted, reason: 'not today' }, shop.domain.admin);
    assert.equal(await shop.finish(aborted), 'aborted');
    shop.node.behaviours.set(releases[1] as Digest, 'exits');
    assert.equal(await shop.finish(await shop.begin('checkout', releases[1] as Digest)), 'put-back');
    const { changes } = await shop.history.changes(changesQuery({ since: from }));
    const name = (id: string) => shop.domain.identity.directory.nameOf(id) ?? id;
    assert.deepEqual(
      changes.filter(({ change }) => change === 'put back').map(({ by }) => by),
      [name(shop.domain.admin.id), 'system:rollouts'],
    );
    assert.equal((await shop.history.live({ environment: 'prod' })).services[0]?.intended[0]?.number, 1);
  });

  it('pages through the log, newest first, by subject, type, actor and what is touched', async () => {
    const all = await shop.history.log({ limit: 1000 });
    logAnswer.parse(all);
    assert.deepEqual(
      all.entries.map(({ index }) => index),
      Array.from({ length: all.size }, (_, place) => all.size - 1 - place),
    );
    const page = await shop.history.log({ before: all.size - 5, limit: 3 });
    assert.deepEqual(page.entries, all.entries.slice(5, 8));
    for (const name of ['subject', 'type', 'actor'] as const) {
      const wanted = all.entries[7]?.[name] ?? '';
      const found = await shop.history.log({ [name]: wanted, limit: 1000 });
      assert.deepEqual(
        found.entries,
        all.entries.filter((entry) => entry[name] === wanted),
      );
    }
    const digest = releases[0] as Digest;
    const touching = await shop.history.log({ touches: digest.slice(7, 19), limit: 1000 });
    assert.deepEqual(
      touching.entries,
      all.entries.filter(({ digests }) => digests.includes(digest)),
    );
    const byName = await shop.history.log({ touches: 'checkout', limit: 1000 });
    assert.deepEqual(byName, await shop.history.log({ touches: 'service/checkout', limit: 1000 }));
    assert.ok(byName.entries.length > 0);
    await assert.rejects(
      shop.history.log({ touches: 'nothing-of-the-kind', limit: 5 }),
      (error) => error instanceof FixityError && error.code === 'not-found',
    );
  });

  it('gives one entry as it is recorded', async () => {
    const { summary, entry } = await shop.history.entry({ index: 0 });
    assert.equal(summary.index, 0);
    assert.equal((entry as { type: string }).type, summary.type);
    await assert.rejects(shop.history.entry({ index: 1_000_000 }), /there is no entry 1000000/);
  });

  it('says when nobody was looking', async () => {
    const from = now();
    shop.domain.clock.time += 120_000;
    await new WatchController(shop.domain.ports).tick();
    const live = await shop.history.live({ environment: 'prod' });
    assert.equal(live.notWatched[0]?.what, 'web-1');
    assert.ok((live.notWatched[0]?.since ?? '') <= from);
    assert.equal(live.verifiedTo, shop.fleet.seen('web-1'));
    const { notWatched } = await shop.history.changes(changesQuery());
    assert.deepEqual(notWatched.at(-1), live.notWatched[0]);
    assert.equal(notWatched.length, 2, 'and the minute that passed between the rollouts');
    await shop.turn();
    assert.deepEqual((await shop.history.live({ environment: 'prod' })).notWatched, []);
  });

  it('refuses an environment that never was', async () => {
    for (const ask of [
      shop.history.live({ environment: 'nowhere' }),
      shop.history.changes(changesQuery({ environment: 'nowhere' })),
    ]) {
      await assert.rejects(ask, (error) => error instanceof FixityError && error.code === 'not-found');
    }
  });

  it('folds the same rows anew', async () => {
    const { grown, rebuilt } = await shop.domain.rowDigests();
    assert.equal(grown, rebuilt);
  });
});
