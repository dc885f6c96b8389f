import type { FleetInstance } from '#fleet';
import { canonicalJson } from '#kernel';
import type { PlannedPassage, PlannedStep } from './entries.ts';
import { sameRoute } from './plan.ts';
import { hasEnded, type PresentService, type RouteParts } from './present.ts';

export interface PutBackInput {
  readonly services: readonly PlannedPassage[];
  present(service: string): PresentService;
  instance(id: string): FleetInstance | undefined;
  /** A fresh instance id. */
  id(): string;
}

/**
 * How to get back to what was so before a rollout: traffic leaves new instances that failed at once; old ones that were
 * stopped already are started again as fresh copies; then all traffic goes to the old ones and the new ones stop. What
 * the rollout had not touched is left alone. Pure.
 */
export function planPutBack(input: PutBackInput): PlannedStep[] {
  const parts = input.services.map((passage) => putServiceBack(input, passage));
  return [...parts.flatMap(({ first }) => first), ...parts.toReversed().flatMap(({ rest }) => rest)];
}

function putServiceBack(
  input: PutBackInput,
  { service, before }: PlannedPassage,
): { readonly first: PlannedStep[]; readonly rest: PlannedStep[] } {
  const present = input.present(service);
  const here = new Set(present.members.map(({ instance }) => instance));
  const extra = present.members.filter(({ instance }) => !before.members.includes(instance));
  const stand = new Map(before.members.filter((id) => !here.has(id)).map((id) => [id, input.id()]));

  const first: PlannedStep[] = [];
  let route: RouteParts = present.route;
  const failed = new Set(extra.filter(hasEnded).map(({ instance }) => instance));
  const serving = route.filter(({ instance }) => !failed.has(instance));
  if (serving.length > 0 && serving.length < route.length) {
    route = serving;
    first.push({ kind: 'shift', service, route: serving, hosts: [...present.hosts] });
  }

  const rest: PlannedStep[] = [];
  const start = [...stand].flatMap(([like, instance]) => {
    const old = input.instance(like);
    return old === undefined ? [] : [{ instance, node: old.node, release: old.release, like }];
  });
  if (start.length > 0) rest.push({ kind: 'start', service, start });
  const restored = before.route.map(({ instance, weight }) => ({ instance: stand.get(instance) ?? instance, weight }));
  if (!sameRoute({ route, hosts: present.hosts }, restored, before.hosts)) {
    rest.push({ kind: 'shift', service, route: restored, hosts: [...before.hosts] });
  }
  if (extra.length > 0) rest.push({ kind: 'stop', service, stop: extra.map(({ instance }) => instance) });
  return { first, rest };
}

/**
 * True when a service stands as before: as many instances of the same releases and values on the route with the same
 * weights and under the same names. Ids may be other ones.
 */
export function equalsBefore(
  { before }: Pick<PlannedPassage, 'before'>,
  { members, route, hosts }: PresentService,
  instance: PutBackInput['instance'],
): boolean {
  const kind = (id: string): string => {
    const { release, values } = instance(id) ?? {};
    return canonicalJson([release ?? id, { ...values }]);
  };
  const kinds = (ids: readonly string[]): string => canonicalJson(ids.map(kind).toSorted());
  const routes = (parts: RouteParts): string =>
    canonicalJson(parts.map((part) => `${kind(part.instance)} ${part.weight}`).toSorted());
  const here = new Set(members.map((member) => member.instance));
  return (
    kinds(members.map((member) => member.instance)) === kinds(before.members) &&
    routes(route) === routes(before.route) &&
    route.every((part) => here.has(part.instance) || before.members.every((id) => id !== part.instance)) &&
    canonicalJson(hosts.toSorted()) === canonicalJson(before.hosts.toSorted())
  );
}
