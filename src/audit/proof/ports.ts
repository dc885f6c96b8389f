import type { HistoryRoutes } from '#history';
import type { LedgerReader } from '#ledger';
import type { Store } from '#store';
import type { ViewSource } from '#views';
import type { Writer } from '#writer';

/** What proofs are made from. Only the writer can sign what a subject's latest version is. */
export interface ProofPorts {
  readonly views: Pick<ViewSource, 'get' | 'all' | 'snapshot'>;
  readonly ledger: LedgerReader;
  readonly store: Store;
  readonly history: HistoryRoutes;
  readonly writer: Pick<Writer, 'state'>;
}
