import { Readable } from 'node:stream';
import { type Digest, digestOf } from '#kernel';
import type { Range, Source, Stat, Store } from '#store';

/** A store in which things can be put without being kept: what is put lies in memory over the real one. */
export function overlayStore(store: Store): Store {
  const things = new Map<Digest, Uint8Array>();
  return {
    async put(source: Source): Promise<Stat> {
      const bytes = source instanceof Uint8Array ? source : Buffer.concat(await Array.fromAsync(source));
      const digest = digestOf(bytes);
      things.set(digest, bytes);
      return { digest, size: bytes.length };
    },
    async open(digest: Digest, range?: Range): Promise<Readable> {
      const bytes = things.get(digest);
      if (bytes === undefined) return await store.open(digest, range);
      return Readable.from([bytes.subarray(range?.start ?? 0, (range?.end ?? bytes.length - 1) + 1)]);
    },
    read: async (digest, maximum) => things.get(digest) ?? (await store.read(digest, maximum)),
    async stat(digest) {
      const bytes = things.get(digest);
      return bytes === undefined ? await store.stat(digest) : { digest, size: bytes.length };
    },
    list: () => store.list(),
    async remove(digest) {
      things.delete(digest);
    },
  };
}
