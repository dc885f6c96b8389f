import type { Assignments, LogRequest } from '#contract';
import type { ViewReader } from '#views';
import { instanceAt, routeAt } from './queries.ts';

/** The version of what a node is told: one more than the ledger index of its last change, 0 before the first. */
export function assignmentVersion(views: ViewReader, node: string): number {
  const row = views.get<{ changed: number }>('SELECT changed FROM fleet_versions WHERE node = ?', node);
  return row === undefined ? 0 : row.changed + 1;
}

/**
 * Everything a node should be. A route names only the instances on this node. An instance that should be stopped is
 * told until it was seen to have ended; one that is not named should not be there.
 */
export function assignmentsFor(views: ViewReader, node: string, logs: readonly LogRequest[] = []): Assignments {
  const instances = views
    .all<{ instance: string }>('SELECT instance FROM fleet_placed WHERE node = ? ORDER BY instance', node)
    .flatMap(({ instance }) => instanceAt(views, instance) ?? []);
  const here = new Set(instances.map(({ instance }) => instance));
  const keys = new Map(
    instances.map(({ environment, service }) => [`${environment}/${service}`, [environment, service]]),
  );
  return {
    node,
    version: assignmentVersion(views, node),
    instances: instances.map(({ instance, environment, service, release, build, desired, values }) => ({
      instance,
      environment,
      service,
      release,
      build,
      desired,
      values: { ...values },
    })),
    routes: [...keys]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, [environment = '', service = '']]) => {
        const route = routeAt(views, environment, service);
        if (route === undefined) return [];
        return [
          {
            service: key,
            hosts: [...route.hosts],
            instances: route.instances.filter(({ instance }) => here.has(instance)).map((part) => ({ ...part })),
          },
        ];
      }),
    logs: [...logs],
  };
}

/**
 * The routed version that shows every route of a node in force: one more than the ledger index of the last change
 * that concerns its proxy.
 */
export function neededRouting(views: ViewReader, node: string): number {
  const keys = assignmentsFor(views, node).routes.map(({ service }) => service.split('/'));
  const indexes = keys.flatMap(([environment = '', service = '']) => {
    const route = routeAt(views, environment, service);
    return route?.nodes.includes(node) === true ? [route.index + 1] : [];
  });
  return Math.max(0, ...indexes);
}
