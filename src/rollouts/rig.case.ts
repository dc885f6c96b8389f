import assert from 'node:assert/strict';
import { FleetRoutes, instancesOf, routeAt } from '#fleet';
import type { Digest } from '#kernel';
import { type Domain, openDomain } from '../../tests/support/domain.ts';
import { SimulatedNode } from '../../tests/support/simulated-node.ts';
import { RolloutController, RolloutRoutes, rolloutById } from './index.ts';
import { hasEnded } from './present.ts';

/** A server's rooms with one simulated node and a controller, driven by hand. */
export class Rig {
  readonly domain: Domain;
  readonly fleet: FleetRoutes;
  readonly node: SimulatedNode;
  readonly routes: RolloutRoutes;
  controller: RolloutController;

  constructor(domain: Domain) {
    this.domain = domain;
    this.fleet = new FleetRoutes(domain.ports);
    this.node = new SimulatedNode(domain, this.fleet, 'web-1');
    this.routes = new RolloutRoutes(domain.ports);
    this.controller = new RolloutController(domain.ports);
  }

  static async open(): Promise<Rig> {
    const rig = new Rig(await openDomain());
    await rig.node.enrol();
    await rig.node.report();
    return rig;
  }

  async ship(service: string, release: Digest, replicas = 3, values: Record<string, string> = {}): Promise<string> {
    const shipment = {
      service,
      release,
      replicas: { minimum: replicas, maximum: replicas },
      hosts: [`${service}.prod.localhost`],
      placement: [],
      values,
    };
    const { rollout } = await this.routes.rollOut(
      { environment: 'prod', services: [shipment], remove: [], dryRun: false },
      this.domain.admin,
    );
    assert.ok(rollout !== undefined);
    return rollout;
  }

  /** One second in which node and controller each do their part once. */
  async turn(): Promise<void> {
    await this.controller.tick();
    await this.node.apply();
    this.domain.clock.time += 1_000;
    await this.node.report();
    await this.controller.tick();
  }

  /** Turns until the rollout is over; fails when it never is. */
  async finish(rollout: string): Promise<string> {
    for (let turns = 0; turns < 1_000; turns += 1) {
      const { state, endedAt } = this.known(rollout);
      if (endedAt !== undefined) return state;
      await this.turn();
    }
    return assert.fail(`rollout ${rollout} does not end`);
  }

  known(rollout: string) {
    const found = rolloutById(this.domain.views, rollout);
    assert.ok(found !== undefined);
    return found;
  }

  /** Releases of the instances that should run, and of those that take traffic. */
  shape(service: string): { members: string[]; route: string[]; hosts: readonly string[] } {
    const { views } = this.domain;
    const members = instancesOf(views, 'prod', service);
    const releases = new Map(members.map(({ instance, release }) => [instance, release]));
    const route = routeAt(views, 'prod', service);
    return {
      members: members.map(({ release }) => release).toSorted(),
      route: (route?.instances ?? [])
        .map(({ instance }) => releases.get(instance) ?? `not a member: ${instance}`)
        .toSorted(),
      hosts: route?.hosts ?? [],
    };
  }

  /** Releases of the instances that should run and were not reported to have ended. */
  alive(service: string): string[] {
    return instancesOf(this.domain.views, 'prod', service)
      .filter((one) => !hasEnded(one))
      .map(({ release }) => release);
  }

  /** How many instances on the route really answer. */
  serving(service: string): number {
    const route = routeAt(this.domain.views, 'prod', service);
    return (route?.instances ?? []).filter(({ instance }) => this.node.serves(instance)).length;
  }
}
