import type { Json } from '#kernel';

/**
 * A small store of JSON values by namespace and key. Every method is synchronous and one transaction by itself.
 * Namespaces read `<room>/<noun>`, for example `identity/tokens`. Every driver passes `shelfSuite`.
 */
export interface Shelf {
  get<T extends Json = Json>(namespace: string, key: string): T | undefined;
  set(namespace: string, key: string, value: Json): void;
  /** True when there was something to delete. */
  delete(namespace: string, key: string): boolean;
  /** All of a namespace in order of key, optionally only keys with a prefix. */
  list<T extends Json = Json>(namespace: string, prefix?: string): { readonly key: string; readonly value: T }[];
  /**
   * Sets `value` (undefined: deletes) only if what is there equals `expected` (undefined: nothing is there), compared
   * as canonical JSON. Of many racers, also in other threads and processes, exactly one gets true.
   */
  compareAndSet(namespace: string, key: string, expected: Json | undefined, value: Json | undefined): boolean;
  close(): void;
}

/**
 * Keys, token hashes, the directory of names: what must survive, may be erased, and is never the truth about
 * production. Durable when a method returns; its file can be read by the owner only.
 */
export interface Keep extends Shelf {
  readonly durability: 'keep';
}

/** Uploads in flight, heartbeats, leases, cursors: losing it costs work, never truth. Not synced to disk. */
export interface Scratch extends Shelf {
  readonly durability: 'scratch';
}
