import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { faultPoints } from '#node-agent';
import type { Program } from '../support/installation.ts';
import { without } from '../support/peers.ts';
import { Shop, unharmed } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** So many times a program dies in one rollout at most. */
const mostDeaths = 3;

/** Small and the same for the same seed (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

suite('programs that are killed under way', { skip: without('git'), timeout: 900_000 }, () => {
  const shop = new Shop();
  const { fixity } = shop;
  const { server, agent, proxy } = fixity;
  before(() => shop.open());
  after(() => fixity.close());

  /** Ships the other version; once that is planned the program dies at the point in life after life, until it is left alone. */
  const shipDying = async (program: Program, fault: string) => {
    const load = shop.load();
    await load.more(20);
    const version = shop.other();
    const before = (await shop.lastRollout()).rollout;
    const shipping = shop.ship(version);
    await until('the plan to be recorded', async () => (await shop.lastRollout()).rollout !== before);
    // Every life gets a little further than the one before.
    const life = (number: number) => (number < mostDeaths ? { FIXITY_FAULT_AT: `${fault}:${number}` } : {});
    await program.kill();
    await program.start(life(1)).catch(() => undefined);
    const course = { over: false };
    const ended = shipping.finally(() => {
      course.over = true;
    });
    let deaths = 1;
    while (!course.over) {
      await Promise.race([program.ended(), ended]);
      if (program.running) continue;
      deaths += 1;
      await program.start(life(deaths)).catch(() => undefined);
    }
    await program.kill();
    await program.start();
    const outcome = await ended;
    const rollout = await shop.settled(version);
    assert.equal(outcome.code, rollout.state === 'done' ? 0 : 1, outcome.err);
    return { deaths, state: rollout.state, line: unharmed(await load.stop()) };
  };

  for (const fault of ['ledger-committed', 'views-committed', 'after-advance', 'before-advance']) {
    test(`the server dies at ${fault} of a rollout`, async (t) => {
      const { deaths, state, line } = await shipDying(server, fault);
      t.diagnostic(`killed ${deaths} times, ${state}; ${line}`);
      assert.ok(deaths > 1);
    });
  }

  for (const fault of faultPoints) {
    test(`the node agent dies at ${fault} of a rollout`, async (t) => {
      const { deaths, state, line } = await shipDying(agent, fault);
      t.diagnostic(`killed ${deaths} times, ${state}; ${line}`);
    });
  }

  test('server and node agent die at random', async (t) => {
    const seed = Number(process.env['FIXITY_TEST_SEED'] ?? Date.now() % 1_000_000);
    t.diagnostic(`FIXITY_TEST_SEED=${seed}`);
    const below = numbersFrom(seed);
    for (let round = 0; round < 2; round += 1) {
      const [program, points] =
        below(2) === 0 ? [agent, faultPoints] : [server, ['ledger-committed', 'before-advance']];
      const fault = points[below(points.length)] ?? 'ledger-committed';
      const { deaths, state, line } = await shipDying(program, fault);
      t.diagnostic(`${program.name} at ${fault}: killed ${deaths} times, ${state}; ${line}`);
    }
  });

  test('the proxy dies at rest and under way; clients that connect again lose nothing', async (t) => {
    const load = shop.load(100);
    await load.more(50);
    await proxy.kill();
    await proxy.start();
    await load.more(50);
    const version = shop.other();
    const course = { over: false };
    const shipping = shop.ship(version).finally(() => {
      course.over = true;
    });
    let deaths = 0;
    while (!course.over && deaths < 8) {
      await Promise.race([load.more(150), shipping]);
      await proxy.kill();
      deaths += 1;
      await proxy.start();
    }
    const outcome = await shipping;
    assert.equal(outcome.code, 0, `${outcome.err}${outcome.out}`);
    await shop.settled(version);
    t.diagnostic(`killed ${deaths + 1} times; ${unharmed(await load.stop())}`);
  });

  test('at the end verify is content', () => shop.verified());
});
