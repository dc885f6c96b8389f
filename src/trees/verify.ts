import { diffTrees, type TreeDifference } from './difference.ts';
import type { TreeEntry } from './entry.ts';
import { type ScanOptions, scanTree } from './scan.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface VerifyOptions extends Pick<ScanOptions, 'limits' | 'readXattrs'> {
  /** Who stands for 0:0 on this machine, as given to `materialise`; without it, this process's user. */
  readonly owner?: Owner;
}

/**
 * Compares a folder with the tree it should be, every byte of it; empty when it is that tree. What cannot be read (a
 * socket, a file that changes meanwhile) is a difference with a `reason`.
 * @throws FixityError `storage-failed` when the folder itself cannot be read; `too-large`.
 */
export async function verifyTree(
  folder: string,
  expected: readonly TreeEntry[],
  options: VerifyOptions = {},
): Promise<TreeDifference[]> {
  const owner = options.owner ?? runUser();
  const unreadable = new Map<string, string>();
  const { entries } = await scanTree(folder, {
    ...options,
    preserve: true,
    onUnreadable: (path, error) => unreadable.set(key(path), error.message),
  });
  const asListed = entries.map((entry) =>
    entry.uid === owner.uid && entry.gid === owner.gid ? { ...entry, uid: 0, gid: 0 } : entry,
  );
  const differences = diffTrees(expected, asListed).map((difference) => {
    const reason = unreadable.get(key(difference.path));
    unreadable.delete(key(difference.path));
    return reason === undefined ? difference : { ...difference, change: 'changed' as const, reason };
  });
  const strangers = [...unreadable].map(([path, reason]) => {
    const known = expected.some((entry) => key(entry.path) === path);
    return { path: Buffer.from(path, 'latin1'), change: known ? ('changed' as const) : ('added' as const), reason };
  });
  return [...differences, ...strangers].sort((a, b) => Buffer.compare(a.path, b.path));
}

/** The user and group of this process: who stands for 0:0 when nobody else is named. */
export function runUser(): Owner {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function key(path: Uint8Array): string {
  return Buffer.from(path).toString('latin1');
}
