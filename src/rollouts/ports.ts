import type { CommitSignal } from '#fleet';
import type { Clock, RandomBytes } from '#kernel';
import type { Store } from '#store';
import type { Logger } from '#telemetry';
import type { ViewReader } from '#views';
import type { Writer } from '#writer';

/** Named places at which a test may stop the program; in production nothing happens there. */
export interface Faults {
  at(name: 'before-advance' | 'after-advance'): Promise<void> | void;
}

/** What rollouts need from outside. */
export interface RolloutPorts {
  readonly writer: Writer;
  readonly views: ViewReader;
  readonly store: Store;
  readonly commits: CommitSignal;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly faults?: Faults;
}
