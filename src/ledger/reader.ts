import { FixityError, type Instant } from '#kernel';
import {
  consistencyProof,
  hashSize,
  inclusionProof,
  MissingTile,
  type Node,
  nodesFromTiles,
  type ReadNodes,
  tileWidth,
  widthAt,
} from '#merkle';
import { encodeBundle } from './bundle.ts';
import { parseLeaf, type Recorded } from './entry.ts';
import { encodeHashes, type InclusionProof } from './proof.ts';
import type { Head, LedgerReadStorage } from './storage.ts';

/** Leaves fetched at once while entries are followed. */
const step = 256;

/** Reads a ledger that someone else may be writing to. What was read once never changes. */
export class LedgerReader {
  readonly #storage: LedgerReadStorage;

  constructor(storage: LedgerReadStorage) {
    this.#storage = storage;
  }

  /** The signed head; undefined while the ledger holds nothing. */
  head(): Promise<Head | undefined> {
    return this.#storage.head();
  }

  async size(): Promise<number> {
    return (await this.head())?.size ?? 0;
  }

  /** @throws FixityError `not-found`. */
  async leaf(index: number): Promise<Uint8Array> {
    const [leaf] = await this.#storage.leaves(index, index + 1);
    if (leaf !== undefined) return leaf;
    throw new FixityError('not-found', `there is no entry ${index}`, { next: ['fixity log'] });
  }

  /** @throws FixityError `not-found`, or `tampered` when the leaf is not an entry. */
  async entry(index: number): Promise<Recorded> {
    return { index, entry: parseLeaf(await this.leaf(index)) };
  }

  /** The entry recorded last; undefined while there is none. */
  async latest(): Promise<Recorded | undefined> {
    const size = await this.size();
    return size === 0 ? undefined : this.entry(size - 1);
  }

  /** Entries `from` (included) to `to` (excluded, at most the size), in order. */
  async *entries(from: number, to: number): AsyncIterable<Recorded> {
    for (let start = from; start < to; ) {
      const leaves = await this.#storage.leaves(start, Math.min(to, start + step));
      if (leaves.length === 0) return;
      for (const [offset, leaf] of leaves.entries()) yield { index: start + offset, entry: parseLeaf(leaf) };
      start += leaves.length;
    }
  }

  /** Leaves `from` (included) to `to` (excluded), fewer at the end. */
  leaves(from: number, to: number): Promise<Uint8Array[]> {
    return this.#storage.leaves(from, to);
  }

  /** How many entries were recorded at or before the instant. */
  sizeAt(recorded: Instant): Promise<number> {
    return this.#storage.sizeAt(recorded);
  }

  /** The audit path of an entry in the tree of `size` entries. @throws FixityError `range-invalid`, `tampered`. */
  async inclusion(index: number, size: number): Promise<Uint8Array[]> {
    const [path = []] = await this.inclusions([index], size);
    return path;
  }

  /** The audit paths of many entries, in the order given; what they share is read and hashed once. */
  async inclusions(indexes: readonly number[], size: number): Promise<Uint8Array[][]> {
    const beyond = indexes.find((index) => !(index >= 0 && index < size));
    if (beyond !== undefined || size > (await this.size()))
      throw outside(`entry ${beyond ?? indexes[0]} in size ${size}`);
    const nodes = remembering(this.#nodes());
    return complete(async () => {
      const paths: Uint8Array[][] = [];
      for (const index of indexes) paths.push(await inclusionProof(index, size, nodes));
      return paths;
    });
  }

  /** That size `to` begins with size `from`. @throws FixityError `range-invalid`, `tampered`. */
  async consistency(from: number, to: number): Promise<Uint8Array[]> {
    if (!(from >= 0 && from <= to && to <= (await this.size()))) throw outside(`sizes ${from} to ${to}`);
    return complete(() => consistencyProof(from, to, this.#nodes()));
  }

  /** An inclusion proof under the head of now, ready to be handed on. @throws FixityError `not-found`. */
  async prove(index: number): Promise<InclusionProof> {
    const head = await this.head();
    const leaf = await this.leaf(index);
    if (head === undefined || index >= head.size) throw outside(`entry ${index}`);
    const hashes = encodeHashes(await this.inclusion(index, head.size));
    return { index, leaf: Buffer.from(leaf).toString('utf8'), checkpoint: head.checkpoint, hashes };
  }

  /** An entry bundle of `width` entries (C2SP tlog-tiles). @throws FixityError `not-found`. */
  async bundle(index: number, width: number): Promise<Uint8Array> {
    const from = index * tileWidth;
    const exists = width > 0 && width <= widthAt({ level: 0, index }, await this.size());
    const leaves = exists ? await this.#storage.leaves(from, from + width) : [];
    if (!exists || leaves.length < width) throw noTile(`entry bundle ${index}`, width);
    return encodeBundle(leaves);
  }

  /** The first `width` hashes of a tile (C2SP tlog-tiles). @throws FixityError `not-found`. */
  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const exists = width > 0 && width <= widthAt({ level, index }, await this.size());
    const tile = exists ? await this.#storage.tile(level, index) : undefined;
    if (tile === undefined || tile.length < width * hashSize) throw noTile(`tile ${level}/${index}`, width);
    return tile.subarray(0, width * hashSize);
  }

  #nodes(): ReturnType<typeof nodesFromTiles> {
    return nodesFromTiles((level, index) => this.#storage.tile(level, index));
  }
}

/** Reads each node once. */
function remembering(read: ReadNodes): ReadNodes {
  const known = new Map<string, Uint8Array>();
  const keyOf = ({ level, index }: Node): string => `${level}/${index}`;
  return async (nodes) => {
    const fresh = nodes.filter((node) => !known.has(keyOf(node)));
    const hashes = fresh.length === 0 ? [] : await read(fresh);
    for (const [place, node] of fresh.entries()) {
      const hash = hashes[place];
      if (hash !== undefined) known.set(keyOf(node), hash);
    }
    return nodes.flatMap((node) => known.get(keyOf(node)) ?? []);
  };
}

async function complete<T>(prove: () => Promise<T>): Promise<T> {
  try {
    return await prove();
  } catch (cause) {
    if (cause instanceof MissingTile)
      throw new FixityError('tampered', `the ledger is damaged: ${cause.message}`, { cause });
    throw cause;
  }
}

function outside(what: string): FixityError {
  return new FixityError('range-invalid', `the ledger does not hold ${what}`, {
    next: ['GET /ledger/checkpoint gives its size'],
  });
}

function noTile(what: string, width: number): FixityError {
  return new FixityError('not-found', `there is no ${what} of width ${width}`, {
    next: ['GET /ledger/checkpoint gives the size, and so which tiles there are'],
  });
}
