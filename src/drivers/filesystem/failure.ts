import { FixityError } from '#kernel';
import type { FileSystem } from './file-system.ts';

const full = new Set(['ENOSPC', 'EDQUOT']);

/**
 * The same calls, failing in the store's words: `storage-full` when there is no room, `storage-failed` otherwise, with
 * what the system said as the cause. Only the disk is covered: a sender that breaks off is not the store's failure.
 */
export function speaking(disk: FileSystem, folder: string): FileSystem {
  const said = <Input extends unknown[], Output>(call: (...input: Input) => Promise<Output>) => {
    return async (...input: Input): Promise<Output> => {
      try {
        return await call(...input);
      } catch (error) {
        throw storageFailure(error, folder);
      }
    };
  };
  return {
    open: said(disk.open),
    write: said(disk.write),
    sync: said(disk.sync),
    truncate: said(disk.truncate),
    chmod: said(disk.chmod),
    rename: said(disk.rename),
    unlink: said(disk.unlink),
    makeFolder: said(disk.makeFolder),
    syncFolder: said(disk.syncFolder),
    names: said(disk.names),
    stat: said(disk.stat),
    read: said(disk.read),
  };
}

export function storageFailure(error: unknown, folder: string): FixityError {
  if (error instanceof FixityError) return error;
  const code = codeOf(error) ?? 'unknown error';
  if (full.has(code)) {
    return new FixityError('storage-full', 'Nothing was stored: the disk of the store is full', {
      facts: [`store: ${folder}`, `the system says ${code}`],
      next: [`make room on the file system of ${folder}, then send it again`],
      cause: error,
    });
  }
  return new FixityError('storage-failed', `The store could not use its disk: ${code}`, {
    facts: [`store: ${folder}`, error instanceof Error ? error.message : String(error)],
    next: [`check that the server's user can write to ${folder}, and that its disk is healthy`],
    cause: error,
  });
}

/** True when the disk said that there is no such file. */
export function isMissing(error: unknown): boolean {
  return codeOf(error instanceof FixityError ? error.cause : error) === 'ENOENT';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
