import { type FleetInstance, instanceAt, instancesOf, nodes, placedOn, routeAt } from '#fleet';
import type { ViewReader } from '#views';
import type { PlannedStep } from './entries.ts';

export type RouteParts = NonNullable<PlannedStep['route']>;

/** How one service stands now: what should run, and who takes its traffic. */
export interface PresentService {
  readonly service: string;
  readonly members: readonly FleetInstance[];
  readonly route: RouteParts;
  readonly hosts: readonly string[];
}

/** A node as a plan sees it. */
export interface PlaceableNode {
  readonly node: string;
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly runtimes: readonly string[];
  readonly watched: boolean;
  /** How many instances it should run already. */
  readonly load: number;
}

export function presentService(views: ViewReader, environment: string, service: string): PresentService {
  const route = routeAt(views, environment, service);
  return {
    service,
    members: instancesOf(views, environment, service),
    route: (route?.instances ?? []).map(({ instance, weight }) => ({ instance, weight })),
    hosts: route?.hosts ?? [],
  };
}

export function placeableNodes(views: ViewReader): PlaceableNode[] {
  return nodes(views).map(({ node, platform, runtimes, watched }) => ({
    node,
    platform,
    runtimes,
    watched,
    load: placedOn(views, node),
  }));
}

/** True when a node reported that the instance ended, by itself or not, or never came up. */
export function hasEnded({ observed }: Pick<FleetInstance, 'observed'>): boolean {
  return observed?.state === 'exited' || observed?.state === 'failed' || observed?.state === 'stopped';
}

/** Finds instances whatever should become of them. */
export function lookup(views: ViewReader): (instance: string) => FleetInstance | undefined {
  return (instance) => instanceAt(views, instance);
}
