import type { Writable } from 'node:stream';
import type { Digest } from '#kernel';
import type { Range } from './store.ts';

/** The way out of a store for things of any size. */
export interface Outlet {
  /**
   * Writes the thing, or a range of it, to a sink as fast as the sink takes it, and leaves the sink open. Memory is
   * the same for every size: the buffers are used again once the sink has called back for them, so a sink must not
   * keep a chunk after that. `sink` is called when the thing is open and not at all when it cannot be.
   * @throws FixityError `not-found`; `range-invalid` as for `Store.open`; `storage-failed`; `tampered` when the thing
   * has become shorter meanwhile. What the sink fails with is thrown as it is.
   */
  send(digest: Digest, range: Range | undefined, sink: () => Writable): Promise<void>;
}
