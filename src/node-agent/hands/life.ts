import type { ObservedInstance } from '#contract';
import type { Instant } from '#kernel';
import type { Health } from './health.ts';
import type { Exit } from './runtime.ts';

export type LifeState = ObservedInstance['state'];

/** How an instance fares. The part that outlasts the node agent is kept on disk. */
export interface Life {
  readonly state: LifeState;
  readonly since: Instant;
  readonly detail?: string | undefined;
  /** It was healthy at least once: when it ends it is started again. */
  readonly proven: boolean;
  /** Times it was started again, ever. */
  readonly restarts: number;
  /** Times in a row it ended soon after it was started again. */
  readonly quick: number;
  /** Good and bad answers in a row. */
  readonly good: number;
  readonly bad: number;
}

const unhealthyAfter = 3;
const firstBackoffMs = 1_000;
const longestBackoffMs = 30_000;

export function newLife(now: Instant): Life {
  return { state: 'starting', since: now, proven: false, restarts: 0, quick: 0, good: 0, bad: 0 };
}

/** The same life in another state; `since` moves only when the state does. */
export function inState(life: Life, state: LifeState, now: Instant, detail?: string): Life {
  return { ...life, state, since: state === life.state ? life.since : now, detail: detail?.slice(0, 500) };
}

/** After one answer to a health check. Only a change of state, or of why it is not well, is visible outside. */
export function afterCheck(life: Life, health: Health, successes: number, now: Instant): Life {
  const good = health.healthy ? life.good + 1 : 0;
  const bad = health.healthy ? 0 : life.bad + 1;
  const counted = { ...life, good, bad };
  if (life.state === 'starting') {
    if (good < successes) return { ...counted, detail: health.detail.slice(0, 500) };
    return { ...inState(counted, 'healthy', now), proven: true };
  }
  if (life.state === 'healthy' && bad >= unhealthyAfter) return inState(counted, 'unhealthy', now, health.detail);
  if (life.state === 'unhealthy' && good > 0) return inState(counted, 'healthy', now);
  return counted;
}

/** A new instance that was not healthy in time has failed; one that was healthy before is unhealthy. */
export function afterDeadline(life: Life, deadlineMs: number, now: Instant): Life {
  const last = life.detail === undefined ? '' : `: ${life.detail}`;
  const detail = `not healthy within ${seconds(deadlineMs)}${last}`;
  return inState(life, life.proven ? 'unhealthy' : 'failed', now, detail);
}

/** After its process ended by itself: kept down, or to be started again after so many milliseconds. */
export function afterExit(
  life: Life,
  ended: { readonly exit: Exit; readonly ranMs?: number | undefined; readonly lastLine?: string | undefined },
  now: Instant,
): { readonly life: Life; readonly againInMs?: number } {
  const detail = describeExit(ended);
  const exited = inState({ ...life, good: 0, bad: 0 }, 'exited', now, detail);
  if (!life.proven) return { life: exited };
  const quick = ended.ranMs !== undefined && ended.ranMs > 2 * longestBackoffMs ? 0 : life.quick;
  const againInMs = Math.min(firstBackoffMs * 2 ** quick, longestBackoffMs);
  return { life: { ...exited, quick: Math.min(quick + 1, 10) }, againInMs };
}

/** Started again after it had ended. */
export function afterRestart(life: Life, now: Instant): Life {
  return { ...inState(life, 'starting', now, life.detail), restarts: life.restarts + 1, good: 0, bad: 0 };
}

function describeExit({ exit, ranMs, lastLine }: Parameters<typeof afterExit>[1]): string {
  const how =
    exit.signal !== undefined
      ? `killed by ${exit.signal}`
      : exit.code !== undefined
        ? `exit code ${exit.code}`
        : 'ended while nobody could see how';
  const after = ranMs === undefined ? '' : ` after ${seconds(ranMs)}`;
  return `${how}${after}${lastLine === undefined || lastLine === '' ? '' : `: ${lastLine.slice(0, 200)}`}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
