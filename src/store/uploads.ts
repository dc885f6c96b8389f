import type { Digest } from '#kernel';
import type { Source, Stat } from './store.ts';

/**
 * Things that arrive in pieces (OCI distribution-spec 1.1, "Pushing a blob in chunks"). An upload is scratch: it outlives
 * a restart of the server, but only {@link Uploads.commit} makes it durable, and one left alone for a day may be dropped.
 *
 * Every method that takes an id throws FixityError `not-found` for one it does not know, and every method can fail with
 * `storage-failed`; `append` and `commit` also with `storage-full`.
 */
export interface Uploads {
  /** Starts an upload of nothing yet and names it. */
  begin(): Promise<string>;

  /**
   * Adds bytes at the end and answers the new size. When the source breaks off, what had arrived is kept and can be
   * continued from `size`; when storing fails, the upload is as it was before.
   * @throws FixityError `range-invalid` when `offset` is not the present size, or another append is under way.
   */
  append(id: string, offset: number, source: Source): Promise<number>;

  /** Bytes received so far. */
  size(id: string): Promise<number>;

  /**
   * Turns the upload into a stored thing and forgets it.
   * @throws FixityError `digest-mismatch` when its bytes are something else: nothing is stored and the upload is gone;
   * `range-invalid` while an append is under way.
   */
  commit(id: string, expected: Digest): Promise<Stat>;

  /** Drops the upload and its bytes. */
  cancel(id: string): Promise<void>;
}
