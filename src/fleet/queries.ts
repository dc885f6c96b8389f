import type { Instant } from '#kernel';
import type { AsOf, Column, FactRow, Facts, ViewReader } from '#views';
import type { ObservedFacts, Routed } from './entries.ts';
import { assignmentFacts, memberFacts, nodeFacts, reportFacts, routeFacts, serviceKey, watchFacts } from './view.ts';

/** One instance: what should be, and what was last seen of it. */
export interface FleetInstance {
  readonly instance: string;
  readonly environment: string;
  readonly service: string;
  readonly node: string;
  readonly release: `sha256:${string}`;
  readonly number?: number;
  readonly build: `sha256:${string}`;
  readonly values: Readonly<Record<string, string>>;
  readonly desired: 'running' | 'stopped';
  /** Absent when no node has reported it. */
  readonly observed?: ObservedFacts;
  /** When that was seen. */
  readonly observedTime?: Instant;
}

export interface FleetRoute {
  readonly environment: string;
  readonly service: string;
  readonly hosts: readonly string[];
  readonly instances: Routed['instances'];
  /** Nodes whose proxies the last change of it concerns. */
  readonly nodes: readonly string[];
  /** Ledger index of that change: in force where a node's routed version is greater. */
  readonly index: number;
}

export interface FleetNode {
  readonly node: string;
  readonly key: string;
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly runtimes: readonly string[];
  readonly enrolled: Instant;
  readonly watched: boolean;
}

/** A stretch of time in which nobody looked at a node. */
export interface WatchGap {
  readonly node: string;
  readonly from: Instant;
  /** Absent when it still lasts. */
  readonly until?: Instant;
}

/** The fact that holds: now, or as of a past. */
function fact<C extends string>(
  facts: Facts<C>,
  views: ViewReader,
  key: string,
  asOf: AsOf | undefined,
): FactRow<C> | undefined {
  return asOf === undefined ? facts.now(views, key) : facts.at(views, key, asOf);
}

const parsed = <T>(column: Column): T => JSON.parse(String(column)) as T;

/** One instance by id; undefined when it was never assigned. */
export function instanceAt(views: ViewReader, instance: string, asOf?: AsOf): FleetInstance | undefined {
  const row = fact(assignmentFacts, views, instance, asOf);
  if (row === undefined) return undefined;
  const report = fact(reportFacts, views, instance, asOf);
  return {
    instance,
    environment: String(row.environment),
    service: String(row.service),
    node: String(row.node),
    release: row.release as `sha256:${string}`,
    ...(row.number === null ? {} : { number: Number(row.number) }),
    build: row.build as `sha256:${string}`,
    values: parsed(row.vals),
    desired: row.desired as FleetInstance['desired'],
    ...(report === undefined ? {} : { observed: parsed<ObservedFacts>(report.report), observedTime: report.time }),
  };
}

/** The instances of a service that should run, in order of assignment. */
export function instancesOf(views: ViewReader, environment: string, service: string, asOf?: AsOf): FleetInstance[] {
  const row = fact(memberFacts, views, serviceKey(environment, service), asOf);
  const ids = row === undefined ? [] : parsed<string[]>(row.instances);
  return ids.flatMap((id) => instanceAt(views, id, asOf) ?? []);
}

/** The services of an environment that ever had an instance, in order of name. */
export function servicesOf(views: ViewReader, environment: string): string[] {
  const prefix = serviceKey(environment, '');
  return memberFacts.keys(views, prefix).map((key) => key.slice(prefix.length));
}

export function routeAt(views: ViewReader, environment: string, service: string, asOf?: AsOf): FleetRoute | undefined {
  const row = fact(routeFacts, views, serviceKey(environment, service), asOf);
  if (row === undefined) return undefined;
  return {
    environment,
    service,
    hosts: parsed(row.hosts),
    instances: parsed(row.instances),
    nodes: parsed(row.nodes),
    index: row.from_index,
  };
}

export function nodeAt(views: ViewReader, node: string, asOf?: AsOf): FleetNode | undefined {
  const row = fact(nodeFacts, views, node, asOf);
  if (row === undefined) return undefined;
  return {
    node,
    key: String(row.verifier),
    platform: { os: String(row.os), architecture: String(row.architecture) },
    runtimes: parsed(row.runtimes),
    enrolled: row.time,
    watched: fact(watchFacts, views, node, asOf)?.watching === 1,
  };
}

/** The nodes, in order of name. */
export function nodes(views: ViewReader, asOf?: AsOf): FleetNode[] {
  return nodeFacts.keys(views).flatMap((node) => nodeAt(views, node, asOf) ?? []);
}

/** Whether somebody was looking at the node. */
export function watchedAt(views: ViewReader, node: string, asOf: AsOf): boolean {
  return watchFacts.at(views, node, asOf)?.watching === 1;
}

/** Whether somebody was looking at the node, and since when that is so; undefined when nobody ever had. */
export function watchOf(
  views: ViewReader,
  node: string,
  asOf: AsOf,
): { readonly watching: boolean; readonly since: Instant } | undefined {
  const row = watchFacts.at(views, node, asOf);
  return row === undefined ? undefined : { watching: row.watching === 1, since: row.time };
}

/** When nodes that had been watched were not, within [from, until), in order of time. */
export function watchGaps(
  views: ViewReader,
  from: Instant,
  until: Instant,
  size: number = Number.MAX_SAFE_INTEGER,
): WatchGap[] {
  const gaps: WatchGap[] = [];
  for (const node of watchFacts.keys(views)) {
    let lost = watchFacts.at(views, node, { time: from, size })?.watching === 0 ? from : undefined;
    for (const { time, watching } of watchFacts.between(views, node, from, until, size)) {
      if (watching === 0) lost ??= time;
      else if (lost !== undefined) {
        if (lost < time) gaps.push({ node, from: lost, until: time });
        lost = undefined;
      }
    }
    if (lost !== undefined) gaps.push({ node, from: lost });
  }
  return gaps.toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
}

/** How many instances a node is told of, those on their way out included. */
export function placedOn(views: ViewReader, node: string): number {
  return views.get<{ count: number }>('SELECT count(*) AS count FROM fleet_placed WHERE node = ?', node)?.count ?? 0;
}

/** What a node last put on the ledger; undefined when it has reported nothing. */
export function lastReport(
  views: ViewReader,
  node: string,
): { readonly sequence: number; readonly routed: number | undefined; readonly time: Instant } | undefined {
  const row = views.get<{ sequence: number; routed: number | null; time: string }>(
    'SELECT sequence, routed, time FROM fleet_sequences WHERE node = ?',
    node,
  );
  return row === undefined ? undefined : { ...row, routed: row.routed ?? undefined };
}
