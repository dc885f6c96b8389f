import { closeSync, constants, openSync, readSync } from 'node:fs';
import { FixityError } from '#kernel';
import { type FileEntry, showPath } from './entry.ts';

/** Opens for reading what is there itself: never through a link, and without waiting for the writer of a FIFO. */
export const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const slash = Buffer.from('/');

/** The raw path of an entry on this machine; strings would lose names that are not UTF-8. */
export function pathIn(folder: string | Uint8Array, path: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(folder), slash, path]);
}

const pieceSize = 1024 * 1024;

/**
 * Gives the content of a tree's files from a folder, for `packTree`. Synchronous calls, which are several times faster for
 * small files; whoever consumes the stream sets the pace.
 */
export function contentsOf(folder: string | Uint8Array): (entry: FileEntry) => AsyncGenerator<Uint8Array> {
  return async function* (entry) {
    const file = openSync(pathIn(folder, entry.path), readFlags);
    try {
      for (let left = entry.size; ; ) {
        // One byte more than there should be, so that a file that has grown shows.
        const piece = Buffer.allocUnsafe(Math.min(pieceSize, left + 1));
        const read = readSync(file, piece, 0, piece.length, null);
        if (read === 0) return;
        yield piece.subarray(0, read);
        left = Math.max(0, left - read);
      }
    } finally {
      closeSync(file);
    }
  };
}

export function changedWhileRead(path: Uint8Array): FixityError {
  return new FixityError('digest-mismatch', `"${showPath(path)}" changed while it was read`, {
    next: ['wait until nothing writes to the folder any more, then freeze it again'],
  });
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What the disk said while a tree was read. */
export function readFailure(error: unknown, path: Uint8Array): FixityError {
  if (error instanceof FixityError) return error;
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR') return changedWhileRead(path);
  return new FixityError('storage-failed', `"${showPath(path)}" cannot be read: ${code ?? String(error)}`, {
    next: ['run as a user who may read every file of the tree'],
    cause: error,
  });
}

/** What the disk said while a tree was written. */
export function writeFailure(error: unknown, folder: string): unknown {
  const code = errorCode(error);
  if (error instanceof FixityError || code === undefined) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new FixityError(full ? 'storage-full' : 'storage-failed', `The tree could not be written: ${code}`, {
    facts: [`into ${folder}`, error instanceof Error ? error.message : code],
    next: [full ? `make room on the file system of ${folder}` : `check that ${folder} can be written`],
    cause: error,
  });
}
