import { emptyRoot, nodeHash } from './hash.ts';

/** A complete subtree: its hash covers leaves `index * 2^level` to `(index + 1) * 2^level`, the end excluded. */
export interface Node {
  readonly level: number;
  readonly index: number;
}

/** Leaves `from` (included) to `to` (excluded). */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Hashes of complete subtrees, in the order asked. Only nodes within a known tree are asked for. */
export type ReadNodes = (nodes: readonly Node[]) => Promise<readonly Uint8Array[]>;

/** The largest power of two below `count`, which is at least 2: where RFC 6962, section 2.1, splits a tree. */
export function splitPoint(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/**
 * The complete subtrees that make up a range, from left to right, largest first. The range is a subtree of an
 * RFC 6962 tree: it starts at a multiple of its own size rounded up to a power of two.
 */
export function nodesOf({ from, to }: Range): Node[] {
  const nodes: Node[] = [];
  for (let start = from; start < to; ) {
    let level = 0;
    while (2 ** (level + 1) <= to - start) level += 1;
    nodes.push({ level, index: start / 2 ** level });
    start += 2 ** level;
  }
  return nodes;
}

/** The Merkle tree hash over the nodes of a range, as {@link nodesOf} lists them. */
export function joinNodes(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? emptyRoot : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** One Merkle tree hash per range, with all nodes asked for at once. */
export async function rootsOf(ranges: readonly Range[], read: ReadNodes): Promise<Uint8Array[]> {
  const parts = ranges.map(nodesOf);
  const hashes = await read(parts.flat());
  let next = 0;
  return parts.map((nodes) => joinNodes(hashes.slice(next, (next += nodes.length))));
}

/** The root of the tree of the first `size` leaves. */
export async function rootAt(size: number, read: ReadNodes): Promise<Uint8Array> {
  const [root] = await rootsOf([{ from: 0, to: size }], read);
  return root ?? emptyRoot;
}
