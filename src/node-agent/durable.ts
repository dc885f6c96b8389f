import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { FixityError } from '#kernel';

/**
 * Replaces a small file whole: after a crash at any instruction it holds the old bytes or the new. Private to this user.
 * @throws FixityError `storage-full`, `storage-failed`.
 */
export function writeDurably(path: string, bytes: string | Uint8Array): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(`${path}.new`, 'w', 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
    syncFolder(dirname(path));
  } catch (cause) {
    const code = (cause as { code?: string }).code === 'ENOSPC' ? 'storage-full' : 'storage-failed';
    throw new FixityError(code, `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/** Makes a rename outlast a power cut. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Undefined when there is no such file. @throws FixityError `storage-failed` when it cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined;
    throw new FixityError('storage-failed', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
