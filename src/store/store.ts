import type { Readable } from 'node:stream';
import type { Digest } from '#kernel';

/** What is known of a stored thing; `size` in bytes. */
export interface Stat {
  readonly digest: Digest;
  readonly size: number;
}

/** Bytes on their way in: at once, or as a stream that is read only as fast as it can be stored. */
export type Source = AsyncIterable<Uint8Array> | Uint8Array;

/** Byte positions counted from 0, both included, as in HTTP (RFC 9110, section 14.1.2); an absent `end` is the last byte. */
export interface Range {
  readonly start: number;
  readonly end?: number;
}

/**
 * Where things live: bytes named by their SHA-256, never changed.
 *
 * Every method can fail with `storage-failed`; those that write also with `storage-full`. A write that fails leaves
 * nothing behind, and a write that is acknowledged survives `kill -9` and power loss.
 */
export interface Store {
  /**
   * Stores the bytes durably and says what they are. Storing what is already there succeeds and changes nothing.
   * @throws FixityError `digest-mismatch` when `expected` is given and the bytes are something else: nothing is stored.
   */
  put(source: Source, expected?: Digest): Promise<Stat>;

  /**
   * A stream of the bytes, or of a range of them; an `end` past the last byte is cut to it.
   * @throws FixityError `not-found`; `range-invalid` when the range holds no byte of the thing.
   */
  open(digest: Digest, range?: Range): Promise<Readable>;

  /**
   * The whole thing in memory, its digest checked again.
   * @throws FixityError `not-found`; `too-large` above `maximum` bytes; `tampered` when the bytes are not what they were.
   */
  read(digest: Digest, maximum: number): Promise<Uint8Array>;

  /** Undefined when the thing is not here. */
  stat(digest: Digest): Promise<Stat | undefined>;

  /** Every thing, in order of digest; things that come or go meanwhile may or may not be listed. */
  list(): AsyncIterable<Digest>;

  /** Takes the thing away durably. Taking away what is not there succeeds, so that a sweep can be repeated. */
  remove(digest: Digest): Promise<void>;
}
