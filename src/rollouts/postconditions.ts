import { type FleetInstance, instanceAt, instancesOf, lastReport, routeAt } from '#fleet';
import { fromInstant, type Instant } from '#kernel';
import type { ViewReader } from '#views';
import type { PlannedStep } from './entries.ts';
import { hasEnded } from './present.ts';
import type { Rollout } from './view.ts';

/** Whether what a step was to bring about is so. */
export type Verdict =
  | { readonly so: 'yes' }
  | { readonly so: 'not-yet'; readonly why: string }
  | { readonly so: 'failed'; readonly why: string };

export interface Sight {
  readonly views: ViewReader;
  readonly now: Instant;
  readonly rollout: Rollout;
  /** Deadlines do not count from before this: while nobody was there to look, nobody was late. */
  readonly notBefore: Instant | undefined;
}

/** Beyond an instance's own deadline for health: fetching its files, and the news of it. */
export const startMarginMs = 60_000;
/** How long an instance that left the route may have requests in flight before it is stopped all the same. */
export const drainMs = 30_000;
/** How long a node's proxy may take to put a route in force. */
export const shiftMs = 60_000;
/** How long a new instance may be unhealthy again after the last step, before the rollout turns back. */
export const settleMs = 60_000;
/** How long a step of a put-back may take; starting has its own deadline. */
export const putBackMs = 600_000;

/** Milliseconds that the present step has had. */
export function elapsed({ now, rollout, notBefore }: Sight): number {
  const from = notBefore !== undefined && notBefore > rollout.stepBegunAt ? notBefore : rollout.stepBegunAt;
  return fromInstant(now) - fromInstant(from);
}

export function judgeStep(sight: Sight, step: PlannedStep): Verdict {
  if (step.kind === 'start') return judgeStart(sight, step);
  if (step.kind === 'shift') return judgeShift(sight, step);
  if (step.kind === 'stop') return judgeStop(sight, step);
  return { so: 'yes' };
}

/** Every new instance was reported healthy; one that ended or is late fails the step. */
function judgeStart(sight: Sight, { service, start = [] }: PlannedStep): Verdict {
  const instances = start.map(({ instance }) => instanceAt(sight.views, instance));
  const failed = instances.find((one) => one !== undefined && hasEnded(one));
  if (failed !== undefined) return { so: 'failed', why: howItEnded(failed) };
  const waiting = instances.filter((one) => one?.observed?.state !== 'healthy');
  if (waiting.length === 0) return { so: 'yes' };
  const [first] = waiting;
  const seen = first?.observed;
  const detail = seen === undefined ? 'not reported yet' : `${seen.state}${withDetail(seen.detail)}`;
  const name = `${service} ${first?.instance ?? ''} on ${first?.node ?? ''}`;
  const releases = sight.rollout.services.flatMap((passage) => passage.releases);
  const deadlines = start.map(({ release }) => releases.find((one) => one.release === release)?.deadlineMs ?? 0);
  const limit = Math.max(...deadlines, sight.rollout.state === 'putting-back' ? putBackMs : 0) + startMarginMs;
  if (elapsed(sight) <= limit) return { so: 'not-yet', why: `${name} is ${detail}` };
  return { so: 'failed', why: `${name} was not healthy within ${limit / 1000} s: ${detail}` };
}

/** Every proxy concerned has the route in force, and those taken out are drained, gone, or out of time. */
function judgeShift(sight: Sight, { service, route = [] }: PlannedStep): Verdict {
  const { views, rollout } = sight;
  const { environment } = rollout;
  const present = routeAt(views, environment, service);
  const behind = (present?.nodes ?? []).filter(
    (node) => (lastReport(views, node)?.routed ?? 0) <= (present?.index ?? 0),
  );
  if (behind.length > 0) {
    const why = `${behind.join(', ')} ${behind.length === 1 ? 'has' : 'have'} not put the route in force`;
    const limit = rollout.state === 'putting-back' ? putBackMs : shiftMs;
    if (elapsed(sight) <= limit) return { so: 'not-yet', why };
    return { so: 'failed', why: `${why} within ${limit / 1000} s` };
  }
  const staying = new Set(route.map(({ instance }) => instance));
  const busy = instancesOf(views, environment, service).filter(
    (one) =>
      !staying.has(one.instance) && one.observed !== undefined && !hasEnded(one) && one.observed.drained !== true,
  );
  if (busy.length === 0 || elapsed(sight) > drainMs) return { so: 'yes' };
  return { so: 'not-yet', why: `${busy.map(({ instance }) => instance).join(', ')} still answering requests` };
}

/** Every instance was reported to have ended. */
function judgeStop(sight: Sight, { service, stop = [] }: PlannedStep): Verdict {
  const running = stop.filter((id) => {
    const one = instanceAt(sight.views, id);
    return one === undefined || !hasEnded(one);
  });
  if (running.length === 0) return { so: 'yes' };
  const why = `${service} ${running.join(', ')} not stopped yet`;
  if (sight.rollout.state === 'putting-back' && elapsed(sight) > putBackMs) {
    return { so: 'failed', why: `${why} after ${putBackMs / 1000} s` };
  }
  return { so: 'not-yet', why };
}

/** `checkout 7kq2m8ab on web-1 exited: exit code 1 after 0.3 s`. */
export function howItEnded({ service, instance, node, observed }: FleetInstance): string {
  return `${service} ${instance} on ${node} ${observed?.state ?? 'ended'}${withDetail(observed?.detail)}`;
}

function withDetail(detail: string | undefined): string {
  return detail === undefined ? '' : `: ${detail}`;
}
