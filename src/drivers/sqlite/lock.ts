import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FixityError } from '#kernel';
import { storageFailure } from './failure.ts';

/** Held from start to end of a server. */
export interface Lock {
  release(): void;
}

const busy = new Set([5, 6]); // SQLITE_BUSY, SQLITE_LOCKED

/**
 * Makes this process the only server on a data folder: an exclusive transaction on `lock.db`, which ends with the
 * process however it ends. `lock.pid` beside it is only for people.
 * @throws FixityError `data-locked` when another server holds it; `storage-failed` when the folder cannot be written.
 */
export function lockFolder(folder: string): Lock {
  const pidFile = join(folder, 'lock.pid');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 });
    // Without a journal and without a write the lock is all that this transaction is.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    database?.close();
    throw refusal(error, folder, pidFile);
  }
  const held = database;
  return {
    release() {
      if (!held.isOpen) return;
      rmSync(pidFile, { force: true });
      held.close();
    },
  };
}

function refusal(error: unknown, folder: string, pidFile: string): unknown {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code === 'number' && busy.has(code & 0xff)) {
    const pid = holder(pidFile);
    const by = pid === undefined ? 'another server' : `the server with process id ${pid}`;
    return new FixityError('data-locked', `the data folder ${folder} is in use by ${by}`, {
      next: [pid === undefined ? 'stop the other server' : `kill ${pid}`, 'or give another folder with --data'],
      cause: error,
    });
  }
  if (error instanceof Error && 'syscall' in error) {
    return new FixityError('storage-failed', `the data folder ${folder} cannot be written: ${error.message}`, {
      next: ['look at the permissions of the folder and at its disk', 'or give another folder with --data'],
      cause: error,
    });
  }
  return storageFailure(error, `the data folder ${folder}`);
}

function holder(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
