import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Digest, FixityError, shortDigest } from '#kernel';
import type { Source, Stat, Uploads } from '#store';
import { isMissing } from './failure.ts';
import type { FileSystem } from './file-system.ts';
import { HashingFile } from './hashing-file.ts';
import { isUploadId, type Layout } from './layout.ts';
import { readPieces } from './reading.ts';
import type { Things } from './things.ts';

/** How far an upload has come; `hash` runs over exactly the first `size` bytes of its file. */
interface Progress {
  readonly hash: Hash;
  readonly size: number;
}

/**
 * Resumable uploads as files beside the things. The running hash is kept in memory; after a restart, or after a failed
 * write, the file is read once to make it again.
 */
export class FilesystemUploads implements Uploads {
  readonly #layout: Layout;
  readonly #disk: FileSystem;
  readonly #things: Things;
  readonly #newId: () => string;
  readonly #progress = new Map<string, Progress>();
  readonly #busy = new Set<string>();

  constructor(layout: Layout, disk: FileSystem, things: Things, newId: () => string) {
    this.#layout = layout;
    this.#disk = disk;
    this.#things = things;
    this.#newId = newId;
  }

  async begin(): Promise<string> {
    const id = this.#newId();
    const file = await this.#disk.open(this.#layout.upload(id), 'wx', 0o600);
    await file.close();
    this.#progress.set(id, { hash: createHash('sha256'), size: 0 });
    return id;
  }

  async append(id: string, offset: number, source: Source): Promise<number> {
    return await this.#alone(id, async (file) => {
      const before = await this.#progressOf(id, file);
      if (offset !== before.size) throw wrongOffset(offset, before.size);
      const growing = new HashingFile(this.#disk, file, before.hash.copy(), before.size);
      let broke: unknown;
      try {
        await growing.add(tolerant(source, (error) => (broke = error)));
      } catch (error) {
        await this.#disk.truncate(file, before.size).catch(() => this.#progress.delete(id));
        throw error;
      }
      this.#progress.set(id, { hash: growing.hash, size: growing.size });
      if (broke !== undefined) throw broke;
      return growing.size;
    });
  }

  async size(id: string): Promise<number> {
    const known = this.#progress.get(id);
    if (known) return known.size;
    if (!isUploadId(id)) throw unknownUpload(id);
    try {
      return (await this.#disk.stat(this.#layout.upload(id))).size;
    } catch (error) {
      throw isMissing(error) ? unknownUpload(id) : error;
    }
  }

  async commit(id: string, expected: Digest): Promise<Stat> {
    return await this.#alone(id, async (file) => {
      const { hash, size } = await this.#progressOf(id, file);
      const digest: Digest = `sha256:${hash.copy().digest('hex')}`;
      if (digest !== expected) {
        await this.#drop(id);
        throw mismatch(expected, digest);
      }
      try {
        await this.#disk.chmod(file, 0o444);
        await this.#disk.sync(file);
        await this.#things.admit(this.#layout.upload(id), { digest, size });
      } catch (error) {
        await file.chmod(0o600); // so that the upload can go on
        throw error;
      }
      this.#progress.delete(id);
      return { digest, size };
    });
  }

  async cancel(id: string): Promise<void> {
    await this.#alone(id, () => this.#drop(id));
  }

  async #drop(id: string): Promise<void> {
    await this.#disk.unlink(this.#layout.upload(id));
    this.#progress.delete(id);
  }

  /** Runs the work with the upload's file open, refusing a second user of the same upload. */
  async #alone<Result>(id: string, work: (file: FileHandle) => Promise<Result>): Promise<Result> {
    if (!isUploadId(id)) throw unknownUpload(id);
    if (this.#busy.has(id)) throw busyUpload(id);
    this.#busy.add(id);
    try {
      await using file = await this.#openFile(id);
      return await work(file);
    } finally {
      this.#busy.delete(id);
    }
  }

  async #openFile(id: string): Promise<FileHandle> {
    try {
      return await this.#disk.open(this.#layout.upload(id), 'r+');
    } catch (error) {
      throw isMissing(error) ? unknownUpload(id) : error;
    }
  }

  async #progressOf(id: string, file: FileHandle): Promise<Progress> {
    const known = this.#progress.get(id);
    if (known) return known;
    const hash = createHash('sha256');
    const { size } = await file.stat();
    for await (const piece of readPieces(this.#disk, file, 0, size)) hash.update(piece);
    const progress = { hash, size };
    this.#progress.set(id, progress);
    return progress;
  }
}

/** The source without its failure, which is told to `onBreak` instead. */
async function* tolerant(source: Source, onBreak: (error: unknown) => void): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await chunks.next();
      } catch (error) {
        onBreak(error);
        return;
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

export function mismatch(expected: Digest, found: Digest): FixityError {
  return new FixityError('digest-mismatch', `The bytes are not ${shortDigest(expected)}; nothing was stored`, {
    facts: [`expected ${expected}`, `received ${found}`],
    next: ['send it again; if it fails again, the digest was made over other bytes'],
  });
}

function wrongOffset(offset: number, size: number): FixityError {
  return new FixityError('range-invalid', `The upload goes on at byte ${size}, not at ${offset}`, {
    members: { size },
  });
}

function busyUpload(id: string): FixityError {
  return new FixityError('range-invalid', `Another request is using upload ${id}`, {
    next: ['wait for it to end, then ask for the size and go on from there'],
  });
}

function unknownUpload(id: string): FixityError {
  return new FixityError('not-found', `There is no upload "${id.slice(0, 64)}"`, { next: ['begin a new upload'] });
}
