import type { AssignedInstance, ObservedInstance } from '#contract';
import type { LocalRelease } from '../things/releases.ts';
import type { Life } from './life.ts';
import type { Known } from './plan.ts';
import type { Observed, Running } from './runtime.ts';

/** One instance as the node agent follows it. */
export interface Tracked {
  readonly instance: string;
  life: Life;
  assigned?: AssignedInstance | undefined;
  release?: LocalRelease | undefined;
  running?: Running | undefined;
  executable?: Extract<Observed, { state: 'running' }>['executable'];
  busy: boolean;
  waiting: boolean;
  checks: number;
  /** Ends the timer of its next check or start. */
  cancel?: (() => void) | undefined;
}

export function knownOf({ instance, life, running, busy, waiting }: Tracked): Known {
  const down = life.state === 'failed' || (life.state === 'exited' && !life.proven);
  const ended = life.state === 'stopped' ? 'stopped' : down ? 'down' : undefined;
  return { instance, process: running !== undefined, ended, waiting, busy };
}

/** What the node says about it, without what the proxy knows. */
export function reportOf({ instance, life, running, executable }: Tracked): ObservedInstance {
  const { state, since, detail, restarts } = life;
  const endpoint = running?.endpoints[0];
  return {
    instance,
    state,
    since,
    restarts,
    notes: (running?.notes ?? []).slice(0, 16).map((note) => note.slice(0, 500)),
    ...(detail === undefined ? {} : { detail }),
    ...(running === undefined ? {} : { pid: running.pid }),
    ...(endpoint === undefined ? {} : { endpoint: { address: endpoint.address, port: endpoint.port } }),
    ...(running?.renderedDigest === undefined ? {} : { config: running.renderedDigest }),
    ...(executable === undefined || running === undefined ? {} : { executable: { ...executable } }),
  };
}
