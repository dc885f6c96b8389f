import type { Instant, Json } from '#kernel';

/** What the last commit left: the signed head of the ledger. */
export interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  /** C2SP tlog-checkpoint: a signed note. */
  readonly checkpoint: string;
  /** `recordedtime` of the last entry. */
  readonly recordedtime: Instant;
}

/** A command that recorded entries, kept so that a repeat gets the first answer. */
export interface RecordedCommand {
  /** The caller's idempotency key, unique per actor: `<actor> <commandid>`. */
  readonly key: string;
  /** SHA-256 of the command's name and canonical input: the same key with other input is refused. */
  readonly request: string;
  readonly answer: Json;
  readonly firstIndex: number;
  readonly count: number;
}

export interface StagedLeaf {
  readonly leaf: Uint8Array;
  readonly subject: string;
  readonly version: number;
  readonly recordedtime: Instant;
}

/** A C2SP tlog-tiles hash tile: 1 to 256 hashes of 32 bytes. A fuller one replaces the partial one of the same place. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

export interface Batch {
  /** The size before; the append is refused when the stored size differs. */
  readonly from: number;
  readonly leaves: readonly StagedLeaf[];
  readonly tiles: readonly Tile[];
  readonly commands: readonly RecordedCommand[];
  readonly head: Head;
}

/** The port a database implements to hold a ledger. Every driver passes `ledgerStorageSuite`. */
export interface LedgerReadStorage {
  head(): Promise<Head | undefined>;
  /** Leaves `from` (included) to `to` (excluded), fewer at the end. */
  leaves(from: number, to: number): Promise<Uint8Array[]>;
  tile(level: number, index: number): Promise<Uint8Array | undefined>;
  /** How many entries were recorded at or before the instant: the known-at bound. */
  sizeAt(recorded: Instant): Promise<number>;
  close(): void;
}

export interface LedgerStorage extends LedgerReadStorage {
  /** All or nothing, durable when it returns. (subject, version) and command keys are unique: a clash throws. */
  append(batch: Batch): Promise<void>;
  commands(keys: readonly string[]): Promise<ReadonlyMap<string, RecordedCommand>>;
}
