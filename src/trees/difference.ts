import { comparePaths, type TreeEntry } from './entry.ts';

/** One path at which two trees differ. A file that became a link is `changed`. */
export interface TreeDifference {
  readonly path: Uint8Array;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before?: TreeEntry;
  readonly after?: TreeEntry;
  /** Why what is there could not be read as an entry, when it could not: a socket, a file being written. */
  readonly reason?: string;
}

/** What has to be done to the first tree to get the second, in order of path; empty when they are the same tree. */
export function diffTrees(before: readonly TreeEntry[], after: readonly TreeEntry[]): TreeDifference[] {
  const [left, right] = [[...before].sort(comparePaths), [...after].sort(comparePaths)];
  const differences: TreeDifference[] = [];
  let [l, r] = [0, 0];
  for (;;) {
    const [was, is] = [left[l], right[r]];
    if (was === undefined && is === undefined) return differences;
    const order = was === undefined ? 1 : is === undefined ? -1 : comparePaths(was, is);
    if (order <= 0) l += 1;
    if (order >= 0) r += 1;
    if (order < 0 && was) differences.push({ path: was.path, change: 'removed', before: was });
    else if (order > 0 && is) differences.push({ path: is.path, change: 'added', after: is });
    else if (was && is && !sameEntry(was, is)) {
      differences.push({ path: is.path, change: 'changed', before: was, after: is });
    }
  }
}

/** True when the entries differ in nothing that a listing records. */
export function sameEntry(a: TreeEntry, b: TreeEntry): boolean {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  if (Buffer.compare(a.path, b.path) !== 0 || a.xattrs.length !== b.xattrs.length) return false;
  for (const [index, { name, value }] of a.xattrs.entries()) {
    const other = b.xattrs[index];
    if (!other || Buffer.compare(name, other.name) !== 0 || Buffer.compare(value, other.value) !== 0) return false;
  }
  if (a.type === 'file') return b.type === 'file' && a.size === b.size && a.digest === b.digest;
  if (a.type === 'link') return b.type === 'link' && Buffer.compare(a.target, b.target) === 0;
  return b.type === 'folder';
}
