import { canonicalBytes, type Digest, digestFromBytes, type Instant, type Json } from '#kernel';
import { emptyRoot, leafHash, nodeHash } from '#merkle';

/** The latest signed observation of one node, as it was sent. */
export interface LatestObservation {
  readonly node: string;
  readonly time: Instant;
  readonly sequence: number;
  /** The DSSE envelope. */
  readonly envelope: Json;
}

/**
 * What one anchor stands for: the Merkle root (RFC 6962) over the canonical bytes of the envelopes in order of node, and
 * the list that says which leaf is whose, itself a thing.
 */
export interface Anchor {
  readonly root: Digest;
  readonly list: Uint8Array;
  readonly count: number;
  /** The earliest of the observations: all nodes are verified up to then. */
  readonly verifiedTo: Instant | undefined;
}

export function anchorOf(latest: readonly LatestObservation[]): Anchor {
  const ordered = latest.toSorted((a, b) => (a.node < b.node ? -1 : 1));
  const leaves = ordered.map(({ envelope }) => leafHash(canonicalBytes(envelope)));
  const observations = ordered.map(({ node, time, sequence }, at) => ({
    node,
    time,
    sequence,
    leaf: digestFromBytes(leaves[at] ?? emptyRoot),
  }));
  return {
    root: digestFromBytes(rootOf(leaves)),
    list: canonicalBytes({ observations }),
    count: ordered.length,
    verifiedTo: ordered.map(({ time }) => time).sort()[0],
  };
}

/** The Merkle tree hash of a list of leaves (RFC 6962, section 2.1). */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return emptyRoot;
  if (leaves.length === 1) return only;
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}
