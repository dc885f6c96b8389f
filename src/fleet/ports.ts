import type { Identity } from '#identity';
import type { Clock, RandomBytes } from '#kernel';
import type { Scratch } from '#state';
import type { Store } from '#store';
import type { Logger, Metrics } from '#telemetry';
import type { ViewReader } from '#views';
import type { Writer } from '#writer';

/** Tells when the ledger grows, so that nobody has to ask again and again. */
export interface CommitSignal {
  /** Resolves when the ledger holds more than `size` entries, after `milliseconds`, or when the signal aborts. */
  waitForCommit(size: number, milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** What the fleet needs from outside. */
export interface FleetPorts {
  readonly writer: Writer;
  readonly views: ViewReader;
  readonly store: Store;
  readonly scratch: Scratch;
  readonly identity: Pick<Identity, 'enrolments' | 'issue'>;
  readonly commits: CommitSignal;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
