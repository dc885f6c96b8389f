import type { Instant } from '#kernel';

/** What finding a moment needs of the ledger; the ledger's storage and its reader both offer it. */
export interface LedgerTimes {
  /** How many entries were recorded at or before the instant. */
  sizeAt(recorded: Instant): Promise<number>;
  /** Leaves `from` (included) to `to` (excluded), fewer at the end. */
  leaves(from: number, to: number): Promise<Uint8Array[]>;
}
