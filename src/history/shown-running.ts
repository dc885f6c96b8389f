import { environmentNames } from '#environments';
import { type FleetInstance, type FleetNode, instancesOf, routeAt, servicesOf } from '#fleet';
import { shortDigest } from '#kernel';
import { releasesOf } from '#releases';
import type { Rollout } from '#rollouts';
import type { HistoryPorts } from './ports.ts';
import { facts, type Live, type Shown } from './shown.ts';
import { whereLive, whereServiceLive } from './where-live.ts';

export function rolloutShown({ views, nameOf }: HistoryPorts, live: Live, rollout: Rollout): Shown {
  const { startedBy, startedAt, endedAt, why, revision, environment, target } = rollout;
  const steps = rollout.back ?? rollout.forward;
  return {
    kind: 'rollout',
    name: rollout.rollout,
    facts: facts([
      ['kind', rollout.kind],
      ['environment', environment],
      ['state', `${rollout.state}, step ${rollout.step + 1} of ${steps.length}`],
      ['why', why],
      ['services', rollout.services.map(({ service }) => service).join(', ')],
      ['target', target],
      ['revision', revision === undefined ? undefined : `${environment}#${revision}`],
      ['started', `${startedAt} by ${nameOf(startedBy) ?? startedBy}`],
      ['ended', endedAt],
    ]),
    live: rollout.services.flatMap(({ service, releases }) =>
      releases.flatMap(({ release }) =>
        whereLive(views, live, release).filter((at) => at === `${environment}/${service}`),
      ),
    ),
    about: `rollout/${rollout.rollout}`,
  };
}

export function instanceShown({ views }: HistoryPorts, one: FleetInstance): Shown {
  const { instance, environment, service, node, release, number, build, desired, observed, observedTime } = one;
  const route = routeAt(views, environment, service);
  const weight = route?.instances.find((part) => part.instance === instance)?.weight ?? 0;
  return {
    kind: 'instance',
    name: instance,
    facts: facts([
      ['of', `${environment}/${service} ${number === undefined ? shortDigest(release) : `r${number}`}`],
      ['node', node],
      ['should be', desired],
      [
        'is',
        observed === undefined ? 'not reported' : `${observed.state} since ${observed.since}, seen ${observedTime}`,
      ],
      ['detail', observed?.detail],
      ['traffic', weight > 0 ? `yes, weight ${weight}` : 'no'],
      ['process', observed?.pid === undefined ? undefined : String(observed.pid)],
      [
        'endpoint',
        observed?.endpoint === undefined ? undefined : `${observed.endpoint.address}:${observed.endpoint.port}`,
      ],
      ['release', release],
      ['build', build],
      ['config', observed?.config],
      ['program', observed?.executable],
    ]),
    live: desired === 'running' ? [`${environment}/${service}`] : [],
    about: `instance/${instance}`,
  };
}

export function nodeShown({ views, seenNow }: HistoryPorts, node: FleetNode): Shown {
  const placed = environmentNames(views).flatMap((environment) =>
    servicesOf(views, environment).flatMap((service) =>
      instancesOf(views, environment, service).filter((one) => one.node === node.node),
    ),
  );
  return {
    kind: 'node',
    name: node.node,
    facts: facts([
      ['platform', `${node.platform.os}/${node.platform.architecture}`],
      ['runtimes', node.runtimes.join(', ')],
      ['enrolled', node.enrolled],
      ['watched', node.watched ? 'yes' : 'no'],
      ['last heard', seenNow(node.node)],
      ['instances', String(placed.length)],
      ['key', node.key],
    ]),
    live: [...new Set(placed.map(({ environment, service }) => `${environment}/${service}`))],
    about: `node/${node.node}`,
  };
}

export function serviceShown({ views, nameOf }: HistoryPorts, live: Live, service: string): Shown {
  const [latest] = releasesOf(views, service, 1);
  const by = latest === undefined ? '' : (nameOf(latest.actor) ?? latest.actor);
  return {
    kind: 'service',
    name: service,
    facts: facts([
      ['latest', latest === undefined ? undefined : `r${latest.number} of ${latest.released} by ${by}`],
      ['release', latest?.digest],
      ['build', latest?.build],
      ['config', latest?.config],
    ]),
    live: whereServiceLive(live, service),
    about: `service/${service}`,
  };
}
