import type { Clock, Instant } from '#kernel';
import type { EntryCatalogue, LedgerReader } from '#ledger';
import type { Store } from '#store';
import type { ViewSource } from '#views';

/** What history needs to answer: it only reads. */
export interface HistoryPorts {
  readonly views: Pick<ViewSource, 'get' | 'all' | 'snapshot'>;
  readonly ledger: LedgerReader;
  readonly store: Store;
  readonly catalogue: EntryCatalogue;
  readonly clock: Clock;
  /** The name people know an actor by; undefined when there is none. */
  readonly nameOf: (actor: string) => string | undefined;
  /** When a node was last heard of; undefined when that is not known. */
  readonly seenNow: (node: string) => Instant | undefined;
}
