import type { Platform } from '#contract';
import type { Clock, RandomBytes } from '#kernel';
import type { Logger } from '#telemetry';
import type { Runtime } from './hands/runtime.ts';

/** Calls `act` once after so many milliseconds, unless the answered function is called before. */
export interface Scheduler {
  after(milliseconds: number, act: () => void): () => void;
}

export const systemScheduler: Scheduler = {
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Named places at which a test can end the node agent. */
export const faultPoints = [
  'assignments-received',
  'before-start',
  'after-start',
  'routes-written',
  'before-stop',
  'after-stop',
  'observation-sent',
] as const;
export type FaultPoint = (typeof faultPoints)[number];

/** What a node agent needs from outside. */
export interface NodeAgentOptions {
  /** Its own folder; it must be the only one who works on it. */
  readonly data: string;
  readonly node: string;
  /** The server's address. */
  readonly server: string;
  /** The proxy's folder: the agent writes `routes.json` and talks to `control.sock`. */
  readonly proxy: string;
  /** Asked for a one-time enrolment token each time one is needed; undefined when there is none now. */
  readonly enrolment: () => string | undefined;
  /** True when a later call of `enrolment` may give another token. */
  readonly enrolmentComes: boolean;
  readonly platform: Platform;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  readonly faults: { at(point: FaultPoint): void };
}
