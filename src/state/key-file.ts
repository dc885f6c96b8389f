import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { FixityError } from '#kernel';

/** A key file's text, and whether it was there before. */
export interface KeyFile {
  readonly text: string;
  readonly made: boolean;
}

/**
 * Reads a key file, or makes it: folder 0700, file 0600, synced and put under its name whole, so that a crash leaves
 * either no key or all of it, and of two racers both read the same.
 * @throws FixityError `storage-failed` when it can be neither read nor written.
 */
export function openKeyFile(path: string, make: () => string): KeyFile {
  try {
    const text = readKey(path);
    if (text !== undefined) return { text, made: false };
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const whole = make();
    const temporary = `${path}.${process.pid}.new`;
    writeSynced(temporary, whole);
    try {
      linkSync(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return { text: readFileSync(path, 'utf8'), made: false };
    } finally {
      rmSync(temporary, { force: true });
    }
    syncFolder(dirname(path));
    return { text: whole, made: true };
  } catch (cause) {
    throw new FixityError('storage-failed', `the key ${path} can be neither read nor made`, {
      next: ['make the data folder readable and writable by the user who runs the server'],
      cause,
    });
  }
}

function readKey(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    chmodSync(path, 0o600);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
