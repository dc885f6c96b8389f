import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FixityError } from '#kernel';
import { lockFolder } from './index.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'fixity-lock-'));
const door = new URL('index.ts', import.meta.url).href;

describe('the lock on a data folder', () => {
  it('refuses a second server, names folder and holder, and is free when released', () => {
    const folder = newFolder();
    const lock = lockFolder(folder);
    assert.throws(
      () => lockFolder(folder),
      (error) =>
        error instanceof FixityError &&
        error.code === 'data-locked' &&
        error.message === `the data folder ${folder} is in use by the server with process id ${process.pid}`,
    );
    rmSync(join(folder, 'lock.pid'));
    assert.throws(() => lockFolder(folder), /in use by another server$/);
    lock.release();
    lock.release();
    lockFolder(folder).release();
    assert.equal(existsSync(join(folder, 'lock.pid')), false);
  });

  it('ends with the process that held it', async () => {
    const folder = newFolder();
    const program = `const { lockFolder } = await import(${JSON.stringify(door)});
      globalThis.lock = lockFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => lock, 1e6);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    assert.throws(() => lockFolder(folder), { code: 'data-locked', message: new RegExp(`process id ${child.pid}$`) });
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockFolder(folder).release();
  });

  it('says when the folder cannot be written', { skip: process.getuid?.() === 0 && 'root writes anywhere' }, () => {
    const folder = newFolder();
    chmodSync(folder, 0o500);
    assert.throws(() => lockFolder(folder), { code: 'storage-failed' });
  });

  it('says when there is no folder', () => {
    assert.throws(() => lockFolder(join(newFolder(), 'nowhere')), { code: 'storage-failed' });
  });
});
