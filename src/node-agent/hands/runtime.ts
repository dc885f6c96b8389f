import type { Digest, Instant } from '#kernel';
import type { RunSpecification, StopSpecification } from './specification.ts';

/** What should run: everything needed to start one copy of a release. */
export interface InstancePlan {
  /** Letters, digits, `.`, `_` and `-`, at most 100. Starting is idempotent by it. */
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  /** Fills the instance's own, empty tree folder. */
  readonly prepare?: ((folder: string) => Promise<void>) | undefined;
  /** An already prepared tree, copied when there is no `prepare`. With neither the tree is empty. */
  readonly folder?: string | undefined;
  readonly config?: ConfigFile | undefined;
  readonly run: RunSpecification;
}

export interface ConfigFile {
  /** Relative to the instance folder; a bare file name means `config/<name>`. */
  readonly path: string;
  /** Known placeholders are rendered, every other byte stays. */
  readonly bytes: Uint8Array;
}

export interface Endpoint {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** A live instance, named for ever by (boot id, pid, start time). */
export interface Running {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  /** Absolute path of the instance folder. */
  readonly folder: string;
  readonly bootId: string;
  readonly pid: number;
  /** As the kernel counts it (proc(5), field 22 of stat: clock ticks since boot). */
  readonly startTime: string;
  readonly startedAt: Instant;
  readonly endpoints: readonly Endpoint[];
  /** Digest of the configuration as rendered for this instance: what its file must hold. */
  readonly renderedDigest?: Digest | undefined;
  /** What of the run specification this node could not honour, in sentences for people. */
  readonly notes: readonly string[];
}

/** How a process ended. Both absent: it ended while nobody who could know was looking. */
export interface Exit {
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
}

export interface Stopped {
  readonly id: string;
  readonly exit: Exit;
  /** True when the grace ran out and it was killed. */
  readonly killed: boolean;
  /** How many other processes of the instance were still there, and were killed. */
  readonly leftovers: number;
}

export type Observed =
  | {
      readonly id: string;
      readonly state: 'running';
      readonly running: Running;
      /** The program really running, read through /proc/<pid>/exe; absent when it may not be read. */
      readonly executable?: { readonly path: string; readonly digest: Digest } | undefined;
    }
  | { readonly id: string; readonly state: 'exited'; readonly exit: Exit; readonly endedAt?: Instant | undefined }
  /** Nothing is recorded under this id. */
  | { readonly id: string; readonly state: 'gone' };

export interface LogRequest {
  readonly stream: 'stdout' | 'stderr';
  /** Byte offset to read from; left out: the last `bytes` bytes. */
  readonly from?: number | undefined;
  readonly bytes: number;
}

export interface LogPart {
  readonly bytes: Uint8Array;
  /** Offset of the first byte; `from + bytes.length` is where to go on. */
  readonly from: number;
  /** Size of the whole log when it was read. */
  readonly size: number;
}

/**
 * The hands of a node: instances are started and stopped, never changed, so there is no `update`.
 * Instances outlive the node agent; every method may be repeated after a crash at any instruction.
 */
export interface Runtime {
  /**
   * Starts an instance; a running one is answered as it is, one that ended by itself is started afresh.
   * @throws FixityError `invalid-input` (the plan), `not-found` (the program), `port-taken`, `unsupported`
   * (stopped before, or the node cannot), `storage-failed`.
   */
  start(instance: InstancePlan): Promise<Running>;
  /** Sends the signal, waits for the grace, then kills every process of the instance. @throws `timed-out`. */
  stop(id: string, how: StopSpecification): Promise<Stopped>;
  /** The instances that run now, whoever started them; settles those that ended meanwhile. */
  list(): Promise<readonly Running[]>;
  observe(id: string): Promise<Observed>;
  /** A part of an instance's output, also after it was removed. @throws `not-found`, `range-invalid`. */
  logs(id: string, request: LogRequest): Promise<LogPart>;
  /** Deletes tree and configuration of an ended instance; its output is kept for a while. @throws `unsupported`. */
  remove(id: string): Promise<void>;
}
