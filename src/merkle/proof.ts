import { type Range, type ReadNodes, rootsOf, splitPoint } from './nodes.ts';

/** The audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling up (RFC 6962, 2.1.1). */
export function inclusionProof(index: number, size: number, read: ReadNodes): Promise<Uint8Array[]> {
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw new RangeError(`no inclusion proof for leaf ${index} of ${size}`);
  }
  const path: Range[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      path.push({ from: middle, to });
      to = middle;
    } else {
      path.push({ from, to: middle });
      from = middle;
    }
  }
  return rootsOf(path.reverse(), read);
}

/** That the tree of the first `from` leaves is a prefix of the tree of `to` leaves (RFC 6962, 2.1.2). */
export function consistencyProof(from: number, to: number, read: ReadNodes): Promise<Uint8Array[]> {
  if (!isCount(from) || !isCount(to) || from > to) throw new RangeError(`no consistency proof from ${from} to ${to}`);
  if (from === 0 || from === to) return Promise.resolve([]);
  const path: Range[] = [];
  let [start, end] = [0, to];
  // SUBPROOF descends until the subtree ends exactly where the old tree did.
  while (end !== from) {
    const middle = start + splitPoint(end - start);
    if (from <= middle) {
      path.push({ from: middle, to: end });
      end = middle;
    } else {
      path.push({ from: start, to: middle });
      start = middle;
    }
  }
  // The old tree as a whole is known to the verifier already; any other last subtree is not.
  if (start !== 0) path.push({ from: start, to: end });
  return rootsOf(path.reverse(), read);
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
