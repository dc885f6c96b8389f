import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { digestOf, FixityError, hexOf } from '#kernel';
import { type OpenedStore, storeContractSuite } from '#store';
import { type FileSystem, realFileSystem } from './file-system.ts';
import { type FilesystemStore, openFilesystemStore } from './index.ts';

const scratch = await mkdtemp(join(tmpdir(), 'fixity-store-'));
after(() => rm(scratch, { recursive: true, force: true }));
const newFolder = (): Promise<string> => mkdtemp(join(scratch, 'case-'));

const asOpened = (store: FilesystemStore, folder: string): OpenedStore => ({
  store,
  uploads: store.uploads,
  reopen: async () => asOpened(await openFilesystemStore({ folder }), folder),
  close: async () => await rm(folder, { recursive: true, force: true }),
});
await storeContractSuite('filesystem', async () => {
  const folder = await newFolder();
  return asOpened(await openFilesystemStore({ folder }), folder);
});

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code, errno: -1, syscall: 'injected' });
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const bytes = Buffer.alloc(3_000_000, 'fixity');

void describe('filesystem store on the disk', () => {
  void it('names files by their digest and makes them read-only', async () => {
    const folder = await newFolder();
    const store = await openFilesystemStore({ folder });
    const { digest } = await store.put(bytes);
    const path = join(folder, 'sha256', hexOf(digest).slice(0, 2), hexOf(digest));
    assert.deepEqual(await filesUnder(folder), [path]);
    assert.equal((await stat(path)).mode & 0o7777, 0o444);
    assert.equal(digestOf(await readFile(path)), digest);
  });

  void it('syncs the file before it has its name, and the folders after', async () => {
    const calls: string[] = [];
    const folder = await newFolder();
    const store = await openFilesystemStore({ folder, faults: recording(calls) });
    calls.length = 0;
    await store.put(Buffer.from('once'));
    const fanOut = join(folder, 'sha256', hexOf(digestOf('once')).slice(0, 2));
    assert.deepEqual(calls, ['sync', `syncFolder ${folder}/sha256`, 'rename', `syncFolder ${fanOut}`]);
    calls.length = 0;
    await store.put(Buffer.from('once'));
    assert.deepEqual(calls, ['sync', `syncFolder ${fanOut}`]);
    calls.length = 0;
    const id = await store.uploads.begin();
    await store.uploads.append(id, 0, Buffer.from('twice'));
    await store.uploads.commit(id, digestOf('twice'));
    assert.equal(calls[0], 'sync');
    assert.equal(calls.at(-2), 'rename');
    assert.match(calls.at(-1) ?? '', /^syncFolder/);
  });

  void it('clears away at start what was left unfinished, and keeps uploads of the last day', async () => {
    const folder = await newFolder();
    const store = await openFilesystemStore({ folder });
    const [recent, old] = [await store.uploads.begin(), await store.uploads.begin()];
    const now = Date.now();
    const twoDaysAgo = new Date(now - 2 * 86_400_000);
    await utimes(join(folder, 'uploads', `upload-${old}`), twoDaysAgo, twoDaysAgo);
    await writeFile(join(folder, 'uploads', 'put-left-by-a-killed-process'), 'half a thing');
    const again = await openFilesystemStore({ folder, clock: { now: () => now } });
    assert.deepEqual(await readdir(join(folder, 'uploads')), [`upload-${recent}`]);
    assert.equal(await again.uploads.size(recent), 0);
  });

  void it('lists nothing that is not a thing', async () => {
    const folder = await newFolder();
    const store = await openFilesystemStore({ folder });
    const { digest } = await store.put(Buffer.from('x'));
    await mkdir(join(folder, 'sha256', 'lost+found'));
    await writeFile(join(folder, 'sha256', hexOf(digest).slice(0, 2), 'notes.txt'), 'not ours');
    assert.deepEqual(await Array.fromAsync(store.list()), [digest]);
  });

  void it('replaces a torn file of the same name, and tells changed bytes', async () => {
    const folder = await newFolder();
    const store = await openFilesystemStore({ folder });
    const { digest } = await store.put(Buffer.from('whole'));
    const path = join(folder, 'sha256', hexOf(digest).slice(0, 2), hexOf(digest));
    await chmod(path, 0o644);
    await writeFile(path, 'wh');
    await store.put(Buffer.from('whole'), digest);
    assert.equal(Buffer.from(await store.read(digest, 5)).toString(), 'whole');
    await chmod(path, 0o644);
    await writeFile(path, 'whale');
    await assert.rejects(store.read(digest, 5), { code: 'tampered' });
  });

  void it('survives short writes', async () => {
    const short: Partial<FileSystem> = {
      write: async (file, piece, position) =>
        (await file.write(piece, 0, Math.min(piece.length, 4_099), position)).bytesWritten,
    };
    const store = await openFilesystemStore({ folder: await newFolder(), faults: short });
    const { digest } = await store.put(bytes);
    assert.equal(digest, digestOf(bytes));
    assert.deepEqual(Buffer.from(await store.read(digest, bytes.length)), bytes);
  });

  void it('says that it cannot open a folder that is a file', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'taken'), '');
    await assert.rejects(openFilesystemStore({ folder: join(folder, 'taken') }), { code: 'storage-failed' });
  });

  void it('does not blame the disk for a sender whose connection is reset', async () => {
    const folder = await newFolder();
    const store = await openFilesystemStore({ folder });
    async function* reset(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      throw systemError('ECONNRESET');
    }
    await assert.rejects(store.put(reset()), { code: 'ECONNRESET' });
    assert.deepEqual(await filesUnder(folder), []);
  });
});

void describe('filesystem store when the disk fails', () => {
  const failing = ['write', 'sync', 'chmod', 'rename', 'makeFolder', 'open'] as const;
  const said = {
    ENOSPC: 'storage-full',
    EDQUOT: 'storage-full',
    EACCES: 'storage-failed',
    EROFS: 'storage-failed',
    EIO: 'storage-failed',
  };
  for (const [code, expected] of Object.entries(said)) {
    void it(`${code} is ${expected} wherever it comes from, leaves nothing, and passes`, async () => {
      for (const call of failing) {
        const folder = await newFolder();
        const faults: Partial<FileSystem> = {};
        const store = await openFilesystemStore({ folder, faults: switchable(faults) });
        faults[call] = (): Promise<never> => Promise.reject(systemError(code));
        await assert.rejects(store.put(bytes), { code: expected, retryable: true }, call);
        assert.deepEqual(await filesUnder(folder), [], call);
        delete faults[call];
        assert.equal((await store.put(bytes)).size, bytes.length, call);
      }
    });
  }

  void it('keeps an upload as it was when a piece of it could not be written', async () => {
    const faults: Partial<FileSystem> = {};
    const store = await openFilesystemStore({ folder: await newFolder(), faults: switchable(faults) });
    const id = await store.uploads.begin();
    await store.uploads.append(id, 0, bytes.subarray(0, 1_000));
    let room = 1;
    faults.write = async (file, piece, position) => {
      if (room-- <= 0) throw systemError('ENOSPC');
      return (await file.write(piece, 0, piece.length, position)).bytesWritten;
    };
    await assert.rejects(store.uploads.append(id, 1_000, bytes.subarray(1_000)), { code: 'storage-full' });
    assert.equal(await store.uploads.size(id), 1_000);
    delete faults.write;
    await store.uploads.append(id, 1_000, bytes.subarray(1_000));
    assert.equal((await store.uploads.commit(id, digestOf(bytes))).size, bytes.length);
  });

  void it('can commit again when the first time failed', async () => {
    const faults: Partial<FileSystem> = {};
    const store = await openFilesystemStore({ folder: await newFolder(), faults: switchable(faults) });
    const id = await store.uploads.begin();
    await store.uploads.append(id, 0, bytes);
    faults.rename = (): Promise<never> => Promise.reject(systemError('EIO'));
    await assert.rejects(store.uploads.commit(id, digestOf(bytes)), FixityError);
    delete faults.rename;
    assert.equal((await store.uploads.commit(id, digestOf(bytes))).digest, digestOf(bytes));
  });

  void it('fails a read in the store’s words', async () => {
    const faults: Partial<FileSystem> = {};
    const store = await openFilesystemStore({ folder: await newFolder(), faults: switchable(faults) });
    const { digest } = await store.put(Buffer.from('x'));
    faults.read = (): Promise<never> => Promise.reject(systemError('EIO'));
    await assert.rejects(store.read(digest, 10), { code: 'storage-failed' });
    await assert.rejects(Array.fromAsync(await store.open(digest)), { code: 'storage-failed' });
  });
});

/** The real disk, except for the calls that are in `faults` at the time they are made. */
function switchable(faults: Partial<FileSystem>): FileSystem {
  const known = Object.keys(realFileSystem) as (keyof FileSystem)[];
  const calls = known.map((name) => {
    const call = (...input: never[]): unknown => {
      const chosen = (faults[name] ?? realFileSystem[name]) as (...input: never[]) => unknown;
      return chosen(...input);
    };
    return [name, call];
  });
  return Object.fromEntries(calls) as FileSystem;
}

function recording(calls: string[]): Partial<FileSystem> {
  return {
    sync: async (file) => {
      calls.push('sync');
      await file.sync();
    },
    rename: async (from, to) => {
      calls.push('rename');
      await realFileSystem.rename(from, to);
    },
    syncFolder: async (path) => {
      calls.push(`syncFolder ${path}`);
    },
  };
}
