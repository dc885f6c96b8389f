import type { Readable } from 'node:stream';
import type { Digest } from '#kernel';
import type { Head } from '#ledger';
import type { TilePlace } from '#merkle';
import type { ViewDatabase } from '#views';

/** An entry as the ledger's database holds it: the leaf, and the columns it is found by. */
export interface LedgerRow {
  readonly position: number;
  readonly recordedtime: string;
  readonly subject: string;
  readonly version: number;
  readonly leaf: Uint8Array;
}

/** A remembered command; `intact` tells whether the row is what its own checksum says. */
export interface CommandRow {
  readonly key: string;
  readonly firstIndex: number;
  readonly count: number;
  readonly intact: boolean;
}

/**
 * The ledger of a data folder as of one moment, read without writing to the folder, also while a server writes.
 * Everything throws FixityError `tampered` where the file is damaged, `storage-failed` where it cannot be reached.
 */
export interface LedgerInspection {
  head(): Head | undefined;
  /** Positions `from` (included) to `to` (excluded) in order; a position without an entry is left out. */
  rows(from: number, to: number): readonly LedgerRow[];
  /** One more than the last position. */
  end(): number;
  tile(level: number, index: number): Uint8Array | undefined;
  places(): Iterable<TilePlace>;
  commands(): Iterable<CommandRow>;
  /** What the database's own check of its structure finds, one sentence each. */
  faults(): readonly string[];
  close(): void;
}

/** The views of a data folder as of one moment, on the same terms as {@link LedgerInspection}. */
export interface ViewInspection extends Pick<ViewDatabase, 'all' | 'get' | 'iterate'> {
  faults(): readonly string[];
  close(): void;
}

/** The things of a data folder. Fails with `storage-failed` when a file cannot be read. */
export interface ThingsInspection {
  list(): AsyncIterable<Digest>;
  open(digest: Digest): Promise<Readable>;
  /** The thing's file, within the data folder. */
  where(digest: Digest): string;
}
