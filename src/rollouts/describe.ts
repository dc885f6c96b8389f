import type { RevisionDocument, RevisionService, RolloutPlan, RolloutStatus, RolloutStep } from '#contract';
import { nextRevisionNumber, serviceOf } from '#environments';
import { releaseOf } from '#releases';
import type { ViewReader } from '#views';
import type { PlannedPassage, PlannedStep } from './entries.ts';
import type { Prepared } from './prepare.ts';
import { eventsOf, type Rollout } from './view.ts';

type Differences = RolloutPlan['services'][number]['differences'];

/** A plan for people: what moves, what stays, what a rollback will not bring back. */
export function describePlan(
  views: ViewReader,
  { environment, kind, base, document, frozen, releases }: Prepared,
  plan: { readonly services: readonly PlannedPassage[]; readonly steps: readonly PlannedStep[] },
): RolloutPlan {
  const volumes =
    kind === 'rollback'
      ? releases.flatMap(({ service, volumes }) => volumes.map((name) => `data in volume ${name} of ${service}`))
      : [];
  const touched = new Set(plan.services.map(({ service }) => service));
  return {
    environment,
    kind,
    revision: nextRevisionNumber({ views }, environment),
    target: frozen.digest,
    services: plan.services.map(({ service, from, to }) =>
      describePassage(views, base?.document, document, service, { from, to }),
    ),
    unchanged: document.services.filter(({ service }) => !touched.has(service)).length,
    steps: plan.steps.map(describeStep),
    notUndone: [...document.notReproduced, ...volumes],
  };
}

function describePassage(
  views: ViewReader,
  base: RevisionDocument | undefined,
  target: RevisionDocument,
  service: string,
  { from, to }: { from: number | undefined; to: number | undefined },
): RolloutPlan['services'][number] {
  const before = serviceOf(base, service);
  const after = serviceOf(target, service);
  return {
    service,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    differences: differences(settings(views, before), settings(views, after)),
  };
}

/** Everything about a service that a person would name, by key, in the order to show it. */
function settings(views: ViewReader, service: RevisionService | undefined): Map<string, string> {
  if (service === undefined) return new Map();
  const [track] = service.tracks;
  const release = track === undefined ? undefined : releaseOf(views, track.release);
  const scale = service.tracks.map(({ replicas: { minimum, maximum } }) =>
    minimum === maximum ? String(minimum) : `${minimum} to ${maximum}`,
  );
  const pairs: [string, string | undefined][] = [
    ['release', release === undefined ? track?.release : `r${release.number}`],
    ['build', release?.build],
    ['config', release?.config],
    ['replicas', scale.join(' + ')],
    ['hosts', service.hosts.join(', ') || undefined],
    ['placement', service.placement.join(', ') || undefined],
    ...Object.entries(service.values).map(([name, value]): [string, string] => [`values.${name}`, value]),
  ];
  return new Map(pairs.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

function differences(before: Map<string, string>, after: Map<string, string>): Differences {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const [was, is] = [before.get(what), after.get(what)];
    if (was === is) return [];
    return [{ what, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

function describeStep({ kind, service, start, route, stop }: PlannedStep): RolloutStep {
  return {
    kind,
    service,
    ...(start === undefined
      ? {}
      : { start: start.map(({ instance, node, release }) => ({ instance, node, release })) }),
    ...(route === undefined ? {} : { route }),
    ...(stop === undefined ? {} : { stop }),
  };
}

/** How a rollout is going; while it is put back, its steps are those back. */
export function describeStatus(views: ViewReader, rollout: Rollout): RolloutStatus {
  const { revision, why, endedAt } = rollout;
  return {
    rollout: rollout.rollout,
    environment: rollout.environment,
    kind: rollout.kind,
    state: rollout.state,
    target: rollout.target,
    ...(revision === undefined ? {} : { revision }),
    ...(why === undefined ? {} : { why }),
    startedBy: rollout.startedBy,
    startedAt: rollout.startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    step: rollout.step + 1,
    steps: (rollout.back ?? rollout.forward).map(describeStep),
    events: eventsOf(views, rollout.rollout),
  };
}
