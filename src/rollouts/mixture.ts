import type { RevisionDocument, RevisionService } from '#contract';
import { canonicalJson } from '#kernel';
import type { ViewReader } from '#views';
import { hasEnded, presentService } from './present.ts';
import type { Rollout } from './view.ts';

/** What is true of the services a rollout touched: as a revision says it, whatever was meant. */
export type Truth = Pick<RevisionService, 'service' | 'tracks' | 'hosts' | 'values'>[];

/** Instances that ended do not count. Services without any are left out: they are gone. */
export function truthOf(views: ViewReader, { environment, services }: Rollout): Truth {
  return services.flatMap(({ service }) => {
    const { members: wanted, route, hosts } = presentService(views, environment, service);
    const members = wanted.filter((one) => !hasEnded(one));
    const [first] = members;
    if (first === undefined) return [];
    const weights = new Map(route.map((part) => [part.instance, part.weight]));
    const tracks = [...new Set(members.map(({ release }) => release))].toSorted().map((release) => {
      const same = members.filter((one) => one.release === release);
      const weight = same.reduce((sum, { instance }) => sum + (weights.get(instance) ?? 0), 0);
      return { release, replicas: { minimum: same.length, maximum: same.length }, weight };
    });
    return [{ service, tracks: inPercent(tracks).slice(0, 8), hosts: hosts.toSorted(), values: { ...first.values } }];
  });
}

/** The environment's revision with the touched services as they are. */
export function mixtureDocument(
  base: RevisionDocument | undefined,
  target: RevisionDocument,
  { services }: Rollout,
  truth: Truth,
): RevisionDocument {
  const touched = new Set(services.map(({ service }) => service));
  const untouched = (base?.services ?? []).filter(({ service }) => !touched.has(service));
  const found = truth.map((one) => {
    const known = [...target.services, ...(base?.services ?? [])].find(({ service }) => service === one.service);
    return { ...one, placement: [...(known?.placement ?? [])] };
  });
  return { ...target, services: [...untouched, ...found] };
}

/** The same for the same truth. */
export function truthText(truth: Truth): string {
  return canonicalJson(truth);
}

/** Shares that add up to 100: rounded down, and what is missing goes to the largest. */
function inPercent(tracks: RevisionService['tracks']): RevisionService['tracks'] {
  const total = tracks.reduce((sum, { weight }) => sum + weight, 0);
  const shares = tracks.map((one) => ({
    ...one,
    weight: total === 0 ? Math.floor(100 / tracks.length) : Math.floor((one.weight * 100) / total),
  }));
  const largest = shares.toSorted((a, b) => b.weight - a.weight)[0];
  if (largest !== undefined) largest.weight += 100 - shares.reduce((sum, { weight }) => sum + weight, 0);
  return shares;
}
