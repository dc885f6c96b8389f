import { FixityError } from '#kernel';

/** An entry bundle of C2SP tlog-tiles: each leaf behind its length as a big-endian uint16. */
export function encodeBundle(leaves: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(leaves.flatMap((leaf) => [Uint8Array.of(leaf.length >> 8, leaf.length & 0xff), leaf]));
}

/** The leaves of a bundle. @throws FixityError `invalid-input` when a length reaches beyond the end. */
export function decodeBundle(bundle: Uint8Array): Uint8Array[] {
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    const length = ((bundle[at] ?? 0) << 8) | (bundle[at + 1] ?? 0);
    const end = at + 2 + length;
    if (end > bundle.length) throw new FixityError('invalid-input', 'an entry bundle ends in the middle of an entry');
    leaves.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return leaves;
}
