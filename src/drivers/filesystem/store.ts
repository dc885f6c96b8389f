import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type Clock, type Digest, type RandomBytes, systemClock, uuidv7 } from '#kernel';
import type { Outlet, Range, Source, Stat, Store } from '#store';
import { isMissing, speaking } from './failure.ts';
import { type FileSystem, realFileSystem } from './file-system.ts';
import { HashingFile } from './hashing-file.ts';
import { isTemporary, isUpload, Layout } from './layout.ts';
import { Things } from './things.ts';
import { FilesystemUploads, mismatch } from './uploads.ts';

const day = 86_400_000;

export interface FilesystemStoreOptions {
  /** Holds `sha256/` and `uploads/`; made when missing. One process at a time may have it open. */
  readonly folder: string;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  /** Replaces calls to the disk one by one, so that tests can make them fail. */
  readonly faults?: Partial<FileSystem>;
}

/**
 * Opens the store in a folder. What earlier processes left unfinished is cleared away first: files of a `put`, and
 * uploads that nobody has touched for a day.
 * @throws FixityError `storage-failed` or `storage-full` when the folder cannot be made or read.
 */
export async function openFilesystemStore(options: FilesystemStoreOptions): Promise<FilesystemStore> {
  const { folder, clock = systemClock, random = randomBytes } = options;
  const disk = speaking({ ...realFileSystem, ...options.faults }, folder);
  const layout = new Layout(folder);
  await disk.makeFolder(layout.things);
  await disk.makeFolder(layout.unfinished);
  // Always, and the parent too: an earlier start may have been killed between making these folders and syncing them.
  await disk.syncFolder(layout.folder);
  await disk.syncFolder(dirname(resolve(folder)));
  await clearUnfinished(layout, disk, clock.now());
  return new FilesystemStore(layout, disk, () => uuidv7(clock.now(), random));
}

async function clearUnfinished(layout: Layout, disk: FileSystem, now: number): Promise<void> {
  for (const name of await disk.names(layout.unfinished)) {
    const path = `${layout.unfinished}/${name}`;
    const abandoned = isUpload(name) && (await disk.stat(path)).modified < now - day;
    if (isTemporary(name) || abandoned) await disk.unlink(path);
  }
}

/** Things as files: written under a temporary name, hashed on the way, synced, renamed, and the folder synced. */
export class FilesystemStore implements Store, Outlet {
  readonly uploads: FilesystemUploads;
  readonly #layout: Layout;
  readonly #disk: FileSystem;
  readonly #things: Things;
  readonly #newId: () => string;

  /** Made by {@link openFilesystemStore}, which prepares the folder. */
  constructor(layout: Layout, disk: FileSystem, newId: () => string) {
    this.#layout = layout;
    this.#disk = disk;
    this.#newId = newId;
    this.#things = new Things(layout, disk);
    this.uploads = new FilesystemUploads(layout, disk, this.#things, newId);
  }

  async put(source: Source, expected?: Digest): Promise<Stat> {
    const path = this.#layout.temporary(this.#newId());
    await using file = await this.#disk.open(path, 'wx', 0o600);
    try {
      const stat = await this.#fill(file, source, expected);
      await this.#things.admit(path, stat);
      return stat;
    } catch (error) {
      await this.#forget(path);
      throw error;
    }
  }

  async #fill(file: FileHandle, source: Source, expected: Digest | undefined): Promise<Stat> {
    const growing = new HashingFile(this.#disk, file);
    await growing.add(source);
    const digest = growing.digest();
    if (expected !== undefined && digest !== expected) throw mismatch(expected, digest);
    await this.#disk.chmod(file, 0o444);
    await this.#disk.sync(file);
    return { digest, size: growing.size };
  }

  /** What cannot be removed now is removed at the next start; the failure that led here is the one worth telling. */
  async #forget(path: string): Promise<void> {
    try {
      await this.#disk.unlink(path);
    } catch (error) {
      if (!isMissing(error)) process.emitWarning(`left ${path} behind until the next start: ${String(error)}`);
    }
  }

  open(digest: Digest, range?: Range): Promise<Readable> {
    return this.#things.open(digest, range);
  }

  send(digest: Digest, range: Range | undefined, sink: () => Writable): Promise<void> {
    return this.#things.send(digest, range, sink);
  }

  read(digest: Digest, maximum: number): Promise<Uint8Array> {
    return this.#things.read(digest, maximum);
  }

  stat(digest: Digest): Promise<Stat | undefined> {
    return this.#things.stat(digest);
  }

  list(): AsyncIterable<Digest> {
    return this.#things.list();
  }

  remove(digest: Digest): Promise<void> {
    return this.#things.remove(digest);
  }
}
