import type { Clock, RandomBytes } from '#kernel';

/** Where a start can be cut off: before the process exists, while nobody knows it, and after it is known. */
export type FaultPoint =
  | 'tree-prepared'
  | 'intent-written'
  | 'spawned'
  | 'outcome-written'
  | 'stop-intended'
  | 'signalled';

export interface ProcessRuntimeOptions {
  /** Absolute path; `instances/` and `volumes/` are made in it. */
  readonly data: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** The node agent's environment; only PATH, TZ and LANG of it are passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `own`: refuse where no own network can be made; `auto` (default): use the machine's then, and say so. */
  readonly network?: 'auto' | 'own' | 'host';
  /** How many ended instances of a service keep their output. */
  readonly keepStopped?: number;
  /** Called at each point, so that a test can stop the process there. */
  readonly faults?: { at(point: FaultPoint): void | Promise<void> };
}
