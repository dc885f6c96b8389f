import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { FixityError } from '#kernel';
import { diffTrees } from './difference.ts';
import { errorCode, writeFailure } from './disk.ts';
import { showPath, type TreeEntry, type Xattr } from './entry.ts';
import { defaultLimits, type TreeLimits } from './rules.ts';
import { readTar } from './tar-reader.ts';
import { TreeWriter } from './tree-writer.ts';
import type { Owner } from './verify.ts';

export interface UnpackOptions {
  /** What the archive must hold, exactly; also bounds how much is written. */
  readonly entries?: readonly TreeEntry[];
  /** Who gets what belongs to 0:0. Without it root leaves it to root, and another user to itself. */
  readonly owner?: Owner;
  readonly limits?: TreeLimits;
  /** Sets extended attributes at a raw path. Node has no call for it: without this port an entry with any is refused. */
  readonly writeXattrs?: (path: Uint8Array, xattrs: readonly Xattr[]) => void;
  /** False leaves owners, modes and extended attributes alone: everything is private to this process's user. */
  readonly attributes?: boolean;
}

/**
 * Writes an archive into a new or empty folder and answers the entries it wrote, in order of path. Files are copies,
 * nothing is synced. The archive is not trusted: nothing is written outside the folder, through a link, or beyond the
 * limits; what was written of a refused archive is removed with the folder.
 * @throws FixityError `invalid-input` for a folder that is not empty, a malformed archive or a name that cannot be in a
 * tree; `unsupported` for what a tree cannot hold or this user cannot set; `digest-mismatch` when it is not the tree
 * of `entries`; `too-large`; `storage-full`; `storage-failed`.
 */
export async function unpackTree(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  options: UnpackOptions = {},
): Promise<TreeEntry[]> {
  prepare(folder);
  const { entries: expected, attributes = true } = options;
  try {
    const limits = expected ? limitsOf(expected) : (options.limits ?? defaultLimits);
    const writer = new TreeWriter(folder, limits);
    let count = 0;
    for await (const member of readTar(archive)) {
      await writer.write(member);
      count += 1;
      if (count % 64 === 0) await setImmediate();
    }
    const written = writer.entries();
    if (expected) refuseOther(expected, written);
    if (attributes) writer.applyAttributes(written, options);
    return written;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw writeFailure(error, folder);
  }
}

/** Unpacks the layer of a tree for an instance: {@link unpackTree} with everything it must be said beforehand. */
export async function materialise(
  entries: readonly TreeEntry[],
  layer: AsyncIterable<Uint8Array>,
  folder: string,
  owner?: Owner,
): Promise<void> {
  await unpackTree(layer, folder, { entries, ...(owner && { owner }) });
}

function prepare(folder: string): void {
  let names: string[];
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    names = readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'EEXIST' || errorCode(error) === 'ENOTDIR') throw notEmpty(folder);
    throw writeFailure(error, folder);
  }
  if (names.length > 0) throw notEmpty(folder);
}

function notEmpty(folder: string): FixityError {
  return new FixityError('invalid-input', `"${folder}" is not an empty folder`, {
    next: ['name a folder that is new'],
  });
}

function limitsOf(entries: readonly TreeEntry[]): TreeLimits {
  return {
    entries: entries.length,
    bytes: entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0),
  };
}

function refuseOther(expected: readonly TreeEntry[], written: readonly TreeEntry[]): void {
  const differences = diffTrees(expected, written);
  const [first] = differences;
  if (first === undefined) return;
  throw new FixityError('digest-mismatch', 'The archive is not the tree it should be', {
    facts: [`first of ${differences.length}: "${showPath(first.path).slice(0, 300)}" ${first.change}`],
    next: ['fetch the layer again; if it fails again, run fixity verify'],
  });
}
