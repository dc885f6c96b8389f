import type { Digest } from '#kernel';

/** An extended attribute: `user.*` or `security.capability`, nothing else. */
export interface Xattr {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

interface Common {
  /** Raw bytes, relative to the root, parts separated by `/`; need not be UTF-8. The root itself is not an entry. */
  readonly path: Uint8Array;
  /** Permission bits, `0` to `0o7777`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Sorted by name, no name twice. */
  readonly xattrs: readonly Xattr[];
}

export interface FileEntry extends Common {
  readonly type: 'file';
  /** Bytes of content. Folders and links have no content: their size is 0. */
  readonly size: number;
  readonly digest: Digest;
}

export interface FolderEntry extends Common {
  readonly type: 'folder';
}

export interface LinkEntry extends Common {
  readonly type: 'link';
  /** Where the link points, as it is written, never followed. */
  readonly target: Uint8Array;
}

/** One line of the canonical listing of a tree. */
export type TreeEntry = FileEntry | FolderEntry | LinkEntry;

/** The order of the listing: raw bytes of the path. */
export function comparePaths(a: TreeEntry, b: TreeEntry): number {
  return Buffer.compare(a.path, b.path);
}

/** The path for people: bytes that are not UTF-8, and control characters, are shown as `\xNN`. */
export function showPath(path: Uint8Array): string {
  const bytes = Buffer.from(path);
  const text = bytes.toString('utf8');
  const isUtf8 = Buffer.from(text, 'utf8').equals(bytes);
  return (isUtf8 ? text : bytes.toString('latin1')).replace(isUtf8 ? /\p{Cc}/gu : /\p{Cc}|[\x80-\xff]/gu, hex);
}

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
