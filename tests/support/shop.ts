import assert from 'node:assert/strict';
import { FleetRoutes } from '#fleet';
import { HistoryRoutes } from '#history';
import type { Digest } from '#kernel';
import { LedgerReader } from '#ledger';
import { RolloutController, RolloutRoutes, rolloutById } from '#rollouts';
import { type Domain, openDomain } from './domain.ts';
import { SimulatedNode } from './simulated-node.ts';

/** A server's rooms with one simulated node, to ship to and to ask about afterwards. */
export async function openShop() {
  const domain: Domain = await openDomain();
  const { views, store, catalogue, clock, identity, ports, storage } = domain;
  const fleet = new FleetRoutes(ports);
  const rollouts = new RolloutRoutes(ports);
  const controller = new RolloutController(ports);
  const node = new SimulatedNode(domain, fleet, 'web-1');
  const ledger = new LedgerReader(storage);
  const history = new HistoryRoutes({
    views: { ...views, snapshot: (read) => read(views) },
    ledger,
    store,
    catalogue,
    clock,
    nameOf: (actor) => identity.directory.nameOf(actor),
    seenNow: (name) => fleet.seen(name),
  });
  await node.enrol();
  await node.report();

  /** One second in which node and controller each do their part. */
  async function turn(): Promise<void> {
    await controller.tick();
    await node.apply();
    clock.time += 1_000;
    await node.report();
    await controller.tick();
  }

  /** Turns until the rollout is over; answers with its end. */
  async function finish(rollout: string): Promise<string> {
    for (let turns = 0; turns < 500; turns += 1) {
      const found = rolloutById(views, rollout);
      assert.ok(found !== undefined);
      if (found.endedAt !== undefined) return found.state;
      await turn();
    }
    return assert.fail(`rollout ${rollout} does not end`);
  }

  /** Plans a rollout of one service. */
  async function begin(service: string, release: Digest, replicas = 2, values: Record<string, string> = {}) {
    const shipment = {
      service,
      release,
      replicas: { minimum: replicas, maximum: replicas },
      hosts: [`${service}.prod.localhost`],
      placement: [],
      values,
    };
    const request = { environment: 'prod', services: [shipment], remove: [], dryRun: false };
    const { rollout } = await rollouts.rollOut(request, domain.admin);
    assert.ok(rollout !== undefined);
    return rollout;
  }

  return {
    domain,
    fleet,
    rollouts,
    controller,
    node,
    ledger,
    history,
    turn,
    finish,
    begin,
    /** Ships a service and waits until it is live. */
    async ship(service: string, release: Digest, replicas = 2, values: Record<string, string> = {}): Promise<void> {
      assert.equal(await finish(await begin(service, release, replicas, values)), 'done');
    },
    close: () => domain.close(),
  };
}
export type Shop = Awaited<ReturnType<typeof openShop>>;
