import { FixityError } from '#kernel';

const full = 13; // SQLITE_FULL
const storage = new Set([
  8, // SQLITE_READONLY
  10, // SQLITE_IOERR
  11, // SQLITE_CORRUPT
  14, // SQLITE_CANTOPEN
  26, // SQLITE_NOTADB
]);

/** Names what SQLite reports (https://sqlite.org/rescode.html) in Fixity's words; anything else is thrown as it is. */
export function storageFailure(error: unknown, what: string): unknown {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== 'number') return error;
  // The low byte is the primary code; the rest refines it.
  const primary = code & 0xff;
  if (primary === full) {
    return new FixityError('storage-full', `no space is left to write ${what}`, {
      next: ['free space on the disk that holds the data folder; nothing acknowledged is lost'],
      cause: error,
    });
  }
  if (!storage.has(primary)) return error;
  return new FixityError('storage-failed', `${what} cannot be read or written: ${(error as Error).message}`, {
    next: ['look at the disk that holds the data folder, and at the permissions of its files'],
    cause: error,
  });
}
