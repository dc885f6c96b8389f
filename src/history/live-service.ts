import type { LiveService, RevisionService } from '#contract';
import type { FoundMoment } from '#environments';
import { type FleetInstance, instancesOf, routeAt } from '#fleet';
import type { Instant } from '#kernel';
import { commitOf, releaseOf } from '#releases';
import type { ViewReader } from '#views';
import type { HistoryPorts } from './ports.ts';
import { stateOf } from './view.ts';

/** How a service stands to the rollout under way. */
export interface Asked {
  /** The rollout brings something to it. */
  readonly isMoving: boolean;
  /** It is in no revision yet. */
  readonly isNew: boolean;
  /** Who asked for it, when that is the rollout under way. */
  readonly asker: { readonly actor: string; readonly since: Instant } | undefined;
}

type Instance = LiveService['instances'][number];

/** One service at a moment: intended, serving, observed. A handful of indexed look-ups. */
export function liveService(
  views: ViewReader,
  { nameOf }: Pick<HistoryPorts, 'nameOf'>,
  moment: FoundMoment,
  { service, tracks }: RevisionService,
  asked: Asked,
): LiveService {
  const { environment } = moment;
  const releases = tracks.map(({ release }) => releaseOf(views, release));
  const intended = tracks.map(({ release, weight, replicas }, place) => {
    const number = releases[place]?.number;
    return { release, ...(number === undefined ? {} : { number }), weight, replicas: replicas.minimum };
  });
  const [first] = intended;
  const [known] = releases;
  const source = first === undefined ? undefined : commitOf(views, first.release, moment);
  const state = asked.asker ?? stateOf(views, environment, service, moment);
  const actor = state?.actor ?? 'system:rollouts';
  const instances = instancesAt(views, moment, service);
  const wanted = intended.reduce((sum, { replicas }) => sum + replicas, 0);
  const up = instances.filter((one) => one.state === 'healthy' && one.serving).length;
  return {
    service,
    intended,
    ...(known === undefined ? {} : { build: known.build }),
    ...(known?.config === undefined ? {} : { config: known.config }),
    ...(source === undefined ? {} : { commit: source.commit, dirty: source.dirty }),
    by: nameOf(actor) ?? actor,
    since: state?.since ?? moment.since ?? moment.time,
    up,
    wanted,
    ...judge(instances, { up, wanted, releases: new Set(intended.map(({ release }) => release)) }, asked),
    instances,
  };
}

function instancesAt(views: ViewReader, moment: FoundMoment, service: string): Instance[] {
  const route = routeAt(views, moment.environment, service, moment);
  const serving = new Set(route?.instances.filter(({ weight }) => weight > 0).map(({ instance }) => instance));
  return instancesOf(views, moment.environment, service, moment).map((one) => instanceOf(one, serving));
}

function instanceOf({ instance, node, release, number, observed }: FleetInstance, serving: Set<string>): Instance {
  return {
    instance,
    node,
    release,
    ...(number === undefined ? {} : { number }),
    state: observed?.state ?? 'unknown',
    ...(observed === undefined ? {} : { since: observed.since }),
    ...(observed?.detail === undefined ? {} : { detail: observed.detail }),
    serving: serving.has(instance),
  };
}

/** What a person should read about a service, the worst first. */
function judge(
  instances: readonly Instance[],
  { up, wanted, releases }: { up: number; wanted: number; releases: ReadonlySet<string> },
  { isMoving, isNew }: Asked,
): { state: string; problem: boolean } {
  if (isMoving) return { state: 'rolling out', problem: !isNew && wanted > 0 && up === 0 };
  const reported = instances.filter(({ state }) => state !== 'unknown');
  if (wanted > 0 && reported.length === 0) return { state: 'nobody has reported', problem: true };
  const unwell = reported.filter(({ state }) => state !== 'healthy');
  const [worst] = unwell;
  if (worst !== undefined) {
    const detail = worst.detail === undefined ? worst.state : `${worst.state}, ${worst.detail}`;
    return { state: `${unwell.length} of ${instances.length} not healthy: ${detail}`, problem: true };
  }
  if (up < wanted) return { state: `${up} of ${wanted} up`, problem: true };
  const other = instances.filter(({ release }) => !releases.has(release)).length;
  if (other > 0) return { state: `${other} of ${instances.length} runs another release`, problem: true };
  return { state: 'as deployed', problem: false };
}
