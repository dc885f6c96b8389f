import type { Observation, ObservedInstance } from '#contract';
import { canonicalJson, type Instant, parseInstant } from '#kernel';
import type { ViewReader } from '#views';
import { neededRouting } from './assignments.ts';
import type { Observed, ObservedFacts } from './entries.ts';
import { type FleetInstance, instanceAt, lastReport, nodeAt, routeAt } from './queries.ts';

/** What an observation says beyond what the ledger holds already. */
export interface News {
  readonly instances: readonly ObservedFacts[];
  /** True when the routing the proxy has in force must be recorded. */
  readonly routing: boolean;
  /** True when the node was not watched before it. */
  readonly watch: boolean;
  /** Reported instances that the node was never assigned. */
  readonly foreign: readonly string[];
}

export function newsOf(views: ViewReader, observation: Observation): News {
  const last = lastReport(views, observation.node);
  const instances: ObservedFacts[] = [];
  const foreign: string[] = [];
  for (const report of observation.instances) {
    const known = instanceAt(views, report.instance);
    if (known?.node !== observation.node) {
      foreign.push(report.instance);
      continue;
    }
    const facts = lastingFacts(views, report, known, observation.routed);
    if (known.observed === undefined || canonicalJson(known.observed) !== canonicalJson(facts)) instances.push(facts);
  }
  return {
    instances,
    routing: routingIsNews(views, observation, last?.routed),
    watch: nodeAt(views, observation.node)?.watched !== true,
    foreign,
  };
}

export function isNews({ instances, routing, watch }: News): boolean {
  return instances.length > 0 || routing || watch;
}

/**
 * The proxy's routing is worth an entry when it comes or goes, and when it reaches a change of routes that the ledger
 * does not know to be in force; not whenever an assignment was made.
 */
function routingIsNews(views: ViewReader, { node, routed }: Observation, last: number | undefined): boolean {
  if (routed === undefined || last === undefined) return routed !== last;
  return last < neededRouting(views, node) && routed > last;
}

function lastingFacts(
  views: ViewReader,
  report: ObservedInstance,
  known: FleetInstance,
  routedVersion: number | undefined,
): ObservedFacts {
  const { environment, service } = known;
  const route = routeAt(views, environment, service);
  const out = route !== undefined && route.instances.every(({ instance }) => instance !== report.instance);
  // A proxy that answers (it said what it routes) and does not name the instance has nothing in flight to it.
  const idle = (report.inFlight ?? 0) === 0;
  const drained = out && routedVersion !== undefined && routedVersion > route.index && idle;
  return {
    instance: report.instance,
    environment,
    service,
    state: report.state,
    since: parseInstant(report.since) ?? report.since,
    ...(report.detail === undefined ? {} : { detail: report.detail }),
    ...(report.pid === undefined ? {} : { pid: report.pid }),
    ...(report.endpoint === undefined ? {} : { endpoint: report.endpoint }),
    ...(report.config === undefined ? {} : { config: report.config }),
    ...(report.executable?.digest === undefined ? {} : { executable: report.executable.digest }),
    ...(drained ? { drained: true } : {}),
  };
}

/**
 * When the observation counts as having happened: by the node's clock, but neither later than now nor before what the
 * same node reported earlier (its sequence says which came first).
 */
export function observationTime(
  { time: claimed }: Pick<Observation, 'time'>,
  last: Instant | undefined,
  now: Instant,
): { readonly time: Instant; readonly clock?: 'ahead' | 'backward' } {
  const time = parseInstant(claimed) ?? claimed;
  if (time > now) return { time: now, clock: 'ahead' };
  if (last !== undefined && time < last) return { time: last, clock: 'backward' };
  return { time };
}

/** Well below the bound of a leaf, with room for the entry around the facts. */
const chunkBytes = 48_000;

/** Parts that each fit one entry; one empty part when there is nothing but the routing to say. */
export function chunksOf(instances: readonly ObservedFacts[]): Observed['instances'][] {
  const chunks: ObservedFacts[][] = [[]];
  let bytes = 0;
  for (const facts of instances) {
    const size = Buffer.byteLength(canonicalJson(facts));
    if (bytes + size > chunkBytes) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(facts);
    bytes += size;
  }
  return chunks;
}
