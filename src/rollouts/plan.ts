import type { RevisionDocument, RevisionService } from '#contract';
import type { FleetInstance } from '#fleet';
import { canonicalJson, FixityError } from '#kernel';
import type { PlannedPassage, PlannedStep } from './entries.ts';
import { Placement, type PlannableRelease } from './placement.ts';
import { hasEnded, type PlaceableNode, type PresentService, type RouteParts } from './present.ts';

export interface PlanInput {
  readonly environment: string;
  /** Absent in a new environment. */
  readonly base: RevisionDocument | undefined;
  readonly target: RevisionDocument;
  /** Every service that is in base or target, or has instances. */
  readonly present: readonly PresentService[];
  readonly releases: ReadonlyMap<string, PlannableRelease>;
  /** The number of any release, as far as it is known. */
  numberOf(release: string): number | undefined;
  readonly nodes: readonly PlaceableNode[];
  /** A fresh instance id. */
  id(): string;
}

export interface Plan {
  readonly services: readonly PlannedPassage[];
  readonly steps: readonly PlannedStep[];
}

/** Weight of an instance where all are equal. */
const evenWeight = 100;

/**
 * How to get from what is to the target, service by service, by replacement with a surge of one: start a new instance,
 * wait for its health, shift traffic to it from an old one, drain and stop that; last, `activate`. Services that stand
 * as the target wants are left alone. Pure.
 * @throws FixityError `no-node`, `platform-mismatch`, `unsupported` when instances cannot be placed.
 */
export function planRollout(input: PlanInput): Plan {
  const placement = new Placement(input.nodes);
  const passages = affectedServices(input).map((service) => planService(input, service, placement));
  const activate: PlannedStep = { kind: 'activate', service: input.environment };
  return {
    services: passages.map(({ passage }) => passage),
    steps: [...passages.flatMap(({ steps }) => steps), activate],
  };
}

/** The services to which the target brings something, in order of name. */
export function affectedServices({ base, target, present }: Pick<PlanInput, 'base' | 'target' | 'present'>): string[] {
  const before = new Map((base?.services ?? []).map((one) => [one.service, one]));
  const after = new Map(target.services.map((one) => [one.service, one]));
  const here = new Map(present.map((one) => [one.service, one]));
  const names = [...new Set([...before.keys(), ...after.keys(), ...here.keys()])].toSorted();
  return names.filter((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (canonicalJson(was ?? null) !== canonicalJson(is ?? null)) return true;
    const now = here.get(name) ?? { service: name, members: [], route: [], hosts: [] };
    const { kept, wanted, old } = sort(is, now);
    return wanted.length > 0 || old.length > 0 || !sameRoute(now, routeOf(is, kept), is?.hosts ?? []);
  });
}

interface Slot {
  readonly release: string;
  readonly weight: number;
}
interface Placed extends Slot {
  readonly instance: string;
}

/** Which instances stay, which are to be started, which go. */
function sort(
  target: RevisionService | undefined,
  { members }: PresentService,
): { readonly kept: Placed[]; readonly wanted: Slot[]; readonly old: FleetInstance[] } {
  const free = new Set(members);
  const kept: Placed[] = [];
  const wanted: Slot[] = [];
  for (const { release, replicas, weight } of target?.tracks ?? []) {
    const share = instanceWeight(target, weight, replicas.minimum);
    for (let count = 0; count < replicas.minimum; count += 1) {
      const fit = free.values().find((one) => target !== undefined && fits(one, release, target));
      if (fit === undefined) wanted.push({ release, weight: share });
      else {
        free.delete(fit);
        kept.push({ instance: fit.instance, release, weight: share });
      }
    }
  }
  const old = [...free].toSorted((a, b) => Number(hasEnded(b)) - Number(hasEnded(a)));
  return { kept, wanted, old };
}

function fits(instance: FleetInstance, release: string, { placement, values }: RevisionService): boolean {
  return (
    instance.release === release &&
    !hasEnded(instance) &&
    canonicalJson(instance.values) === canonicalJson(values) &&
    (placement.length === 0 || placement.includes(instance.node))
  );
}

/** The instances of a track share its percentage, in thousandths; with one track all are equal. */
function instanceWeight(target: RevisionService | undefined, percent: number, count: number): number {
  if (target === undefined || target.tracks.length === 1) return evenWeight;
  return percent === 0 ? 0 : Math.max(1, Math.round((percent * 10) / count));
}

function routeOf(target: RevisionService | undefined, placed: readonly Placed[]): RouteParts {
  return target === undefined ? [] : placed.map(({ instance, weight }) => ({ instance, weight }));
}

export function sameRoute(
  { route, hosts }: Pick<PresentService, 'route' | 'hosts'>,
  otherRoute: RouteParts,
  otherHosts: readonly string[],
): boolean {
  const key = (parts: RouteParts, names: readonly string[]): string =>
    canonicalJson([parts.map(({ instance, weight }) => `${instance} ${weight}`).toSorted(), names.toSorted()]);
  return key(route, hosts) === key(otherRoute, otherHosts);
}

function planService(
  input: PlanInput,
  service: string,
  placement: Placement,
): { readonly passage: PlannedPassage; readonly steps: PlannedStep[] } {
  const target = input.target.services.find((one) => one.service === service);
  const base = input.base?.services.find((one) => one.service === service);
  const present = input.present.find((one) => one.service === service) ?? {
    service,
    members: [],
    route: [],
    hosts: [],
  };
  const { kept, wanted, old } = sort(target, present);
  const fresh = wanted.map((slot) => {
    const release = releaseOf(input, slot.release);
    const node = placement.place(release, target?.placement ?? []);
    return { ...slot, instance: input.id(), node, known: release };
  });
  const passage: PlannedPassage = {
    service,
    ...numbers(input, base, target),
    releases: [...new Map(fresh.map(({ known }) => [known.release, known])).values()].map(
      ({ release, number, build, deadlineMs }) => ({
        release,
        ...(number === undefined ? {} : { number }),
        build,
        deadlineMs,
      }),
    ),
    values: { ...target?.values },
    before: {
      members: present.members.map(({ instance }) => instance),
      route: [...present.route],
      hosts: [...present.hosts],
    },
  };
  const steps: PlannedStep[] = [];
  let [route, hosts]: [RouteParts, readonly string[]] = [present.route, present.hosts];
  const start = (slots: typeof fresh): void => {
    const parts = slots.map(({ instance, node, known }) => ({ instance, node, release: known.release }));
    steps.push({ kind: 'start', service, start: parts });
  };
  const shift = (started: number, gone: number): void => {
    const last = started === fresh.length && gone === old.length;
    const staying = new Set(old.slice(gone).map(({ instance }) => instance));
    const nextRoute = [
      ...routeOf(target, [...kept, ...fresh.slice(0, started)]),
      ...present.route.filter(({ instance }) => staying.has(instance)),
    ];
    const wantedHosts = target?.hosts ?? [];
    const nextHosts = last ? wantedHosts : [...new Set([...present.hosts, ...wantedHosts])].toSorted();
    if (sameRoute({ route, hosts }, nextRoute, nextHosts)) return;
    [route, hosts] = [nextRoute, nextHosts];
    steps.push({ kind: 'shift', service, route: nextRoute, hosts: [...nextHosts] });
  };
  const stop = (instances: readonly FleetInstance[]): void => {
    steps.push({ kind: 'stop', service, stop: instances.map(({ instance }) => instance) });
  };
  const paired = Math.min(fresh.length, old.length);
  for (let at = 0; at < paired; at += 1) {
    start(fresh.slice(at, at + 1));
    shift(at + 1, at + 1);
    stop(old.slice(at, at + 1));
  }
  if (fresh.length > paired) {
    start(fresh.slice(paired));
    shift(fresh.length, old.length);
  } else {
    shift(fresh.length, old.length);
    if (old.length > paired) stop(old.slice(paired));
  }
  return { passage, steps };
}

function releaseOf({ releases }: PlanInput, release: string): PlannableRelease {
  const known = releases.get(release);
  if (known !== undefined) return known;
  throw new FixityError('version-conflict', 'the environment changed while the rollout was being prepared', {
    next: ['try again'],
  });
}

function numbers(
  input: PlanInput,
  base: RevisionService | undefined,
  target: RevisionService | undefined,
): { from?: number; to?: number } {
  const numberOf = (one: RevisionService | undefined): number | undefined =>
    one?.tracks[0] === undefined ? undefined : input.numberOf(one.tracks[0].release);
  const [from, to] = [numberOf(base), numberOf(target)];
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
