import { FixityError } from '#kernel';
import { showPath, type TreeEntry, type Xattr } from './entry.ts';

/** Bounds on what is taken from a folder, an archive or a stored listing. */
export interface TreeLimits {
  /** Files, folders and links together. */
  readonly entries: number;
  /** Bytes of content of all files together. */
  readonly bytes: number;
}

export const defaultLimits: TreeLimits = { entries: 1_000_000, bytes: 64 * 1024 ** 3 };

/** Linux, `limits.h` and `xattr.h`: PATH_MAX, XATTR_NAME_MAX, XATTR_SIZE_MAX. */
export const maximumPath = 4096;
export const maximumXattrName = 255;
export const maximumXattrValue = 65_536;
export const maximumXattrs = 256;

const capability = Buffer.from('security.capability');
const userPrefix = Buffer.from('user.');

/** Why the bytes cannot be the path of an entry; undefined when they can. */
export function pathProblem(path: Uint8Array): string | undefined {
  if (path.length === 0) return 'the path is empty';
  if (path.length > maximumPath) return `the path is longer than ${maximumPath} bytes`;
  const text = Buffer.from(path).toString('latin1');
  if (text.includes('\0')) return 'the path holds a zero byte';
  if (text.startsWith('/')) return 'the path is absolute';
  for (const part of text.split('/')) {
    if (part === '') return 'the path holds an empty part';
    if (part === '.' || part === '..') return `the path holds the part "${part}"`;
  }
  return undefined;
}

/** Why the entry cannot be in a tree, apart from its neighbours; undefined when it can. */
export function entryProblem(entry: TreeEntry): string | undefined {
  const { path, mode, uid, gid } = entry;
  const problem = pathProblem(path);
  if (problem !== undefined) return problem;
  if (!isUint(mode, 0o7777)) return 'the mode is more than permission bits';
  if (!isUint(uid, 0xffff_ffff) || !isUint(gid, 0xffff_ffff)) return 'the owner is out of range';
  if (entry.type === 'file' && !isUint(entry.size, Number.MAX_SAFE_INTEGER)) return 'the size is out of range';
  if (entry.type === 'link') {
    const { target } = entry;
    if (target.length === 0 || target.length > maximumPath) return `the target is not 1 to ${maximumPath} bytes`;
    if (target.includes(0)) return 'the target holds a zero byte';
  }
  return xattrsProblem(entry.xattrs);
}

function xattrsProblem(xattrs: readonly Xattr[]): string | undefined {
  if (xattrs.length > maximumXattrs) return `there are more than ${maximumXattrs} extended attributes`;
  let previous: Uint8Array | undefined;
  for (const { name, value } of xattrs) {
    if (!isKept(name)) return 'an extended attribute is neither user.* nor security.capability';
    if (name.length > maximumXattrName || name.includes(0)) return 'the name of an extended attribute is malformed';
    if (value.length > maximumXattrValue) return `an extended attribute is over ${maximumXattrValue} bytes`;
    if (previous && Buffer.compare(previous, name) >= 0) return 'the extended attributes are not sorted or not unique';
    previous = name;
  }
  return undefined;
}

/** True for the extended attributes that are part of a tree. */
export function isKept(name: Uint8Array): boolean {
  const bytes = Buffer.from(name);
  return bytes.equals(capability) || (bytes.length > 5 && bytes.subarray(0, 5).equals(userPrefix));
}

function isUint(value: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= maximum;
}

/**
 * Follows a listing in order and refuses what cannot stand where it stands: an entry out of order or twice, or one whose
 * parent is not a folder of the tree.
 */
export class Neighbours {
  #previous: Uint8Array | undefined;
  readonly #folders = new Set<string>();

  problem(entry: TreeEntry): string | undefined {
    const { path } = entry;
    const order = this.#previous === undefined ? -1 : Buffer.compare(this.#previous, path);
    if (order === 0) return 'the path is there twice';
    if (order > 0) return 'the paths are not sorted';
    this.#previous = path;
    const key = Buffer.from(path).toString('latin1');
    const slash = key.lastIndexOf('/');
    if (slash !== -1 && !this.#folders.has(key.slice(0, slash))) return 'its parent is not a folder of the tree';
    if (entry.type === 'folder') this.#folders.add(key);
    return undefined;
  }
}

export function refusedEntry(path: Uint8Array, problem: string): FixityError {
  return new FixityError('invalid-input', `"${showPath(path).slice(0, 300)}" cannot be in a tree: ${problem}`);
}

export function overLimit(what: 'entries' | 'bytes', limits: TreeLimits): FixityError {
  const bound = what === 'entries' ? `${limits.entries} entries` : `${limits.bytes} bytes of content`;
  return new FixityError('too-large', `The tree has more than ${bound}`, {
    next: ['leave out what is not needed to run, or raise the limit'],
    members: { limit: limits[what] },
  });
}
