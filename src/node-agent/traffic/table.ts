import type { Assignments } from '#contract';
import type { LifeState } from '../hands/life.ts';

export interface TableEndpoint {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
}

/** One route of the proxy's table (`src/proxy/FORMATS.md`). */
export interface TableRoute {
  readonly hosts: readonly string[];
  readonly service: string;
  readonly endpoints: readonly TableEndpoint[];
}

/** An instance as far as traffic is concerned. */
export interface Reachable {
  readonly instance: string;
  readonly state: LifeState;
  readonly endpoint?: { readonly address: string; readonly port: number } | undefined;
}

/**
 * The routes assigned, with where each instance is. Only those that are well get traffic; when none is, those whose
 * process is there at all. A host belongs to the first route that names it.
 */
export function tableOf(assigned: Assignments, here: readonly Reachable[]): TableRoute[] {
  const reachable = new Map(here.map((one) => [one.instance, one]));
  const stopping = new Set(assigned.instances.flatMap((one) => (one.desired === 'stopped' ? [one.instance] : [])));
  const taken = new Set<string>();
  return assigned.routes.flatMap(({ service, hosts, instances }) => {
    const own = hosts.filter((host) => !taken.has(host));
    for (const host of own) taken.add(host);
    if (own.length === 0) return [];
    const candidates = instances.flatMap(({ instance, weight }) => {
      const found = reachable.get(instance);
      if (found?.endpoint === undefined || stopping.has(instance) || !isThere(found.state)) return [];
      const { address, port } = found.endpoint;
      return [{ state: found.state, endpoint: { instance, address, port, weight } }];
    });
    const well = candidates.filter(({ state }) => state === 'healthy');
    const endpoints = (well.length > 0 ? well : candidates).map(({ endpoint }) => endpoint);
    return [{ hosts: own, service, endpoints }];
  });
}

function isThere(state: LifeState): boolean {
  return state === 'starting' || state === 'healthy' || state === 'unhealthy';
}
