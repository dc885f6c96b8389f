import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Digest, digestFromBytes } from '#kernel';
import type { Source } from '#store';
import type { FileSystem } from './file-system.ts';

const writeSize = 1024 * 1024;

/**
 * A file that grows at its end and is hashed as it grows. Chunks are gathered into writes of 1 MiB, and while one buffer
 * is on its way to the disk the other is filled and hashed: two buffers are all the memory a thing of any size takes.
 */
export class HashingFile {
  readonly #disk: FileSystem;
  readonly #file: FileHandle;
  readonly #hash: Hash;
  #size: number;
  #buffer: Buffer | undefined;
  #spare: Buffer | undefined;
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(disk: FileSystem, file: FileHandle, hash: Hash = createHash('sha256'), size = 0) {
    this.#disk = disk;
    this.#file = file;
    this.#hash = hash;
    this.#size = size;
  }

  /** Bytes handed to the disk so far. */
  get size(): number {
    return this.#size;
  }

  /** The running hash over these bytes. */
  get hash(): Hash {
    return this.#hash;
  }

  digest(): Digest {
    return digestFromBytes(this.#hash.copy().digest());
  }

  /** Adds all the source gives. When the source breaks off, what it gave is still written. */
  async add(source: Source): Promise<void> {
    try {
      if (source instanceof Uint8Array) await this.#take(source);
      else for await (const chunk of source) await this.#take(chunk);
    } finally {
      await this.#flush();
      await this.#writing;
    }
  }

  async #take(chunk: Uint8Array): Promise<void> {
    let taken = 0;
    while (taken < chunk.length) {
      const part = chunk.subarray(taken, taken + writeSize - this.#filled);
      this.#buffer ??= Buffer.allocUnsafe(writeSize);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === writeSize) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const full = this.#buffer;
    if (full === undefined || this.#filled === 0) return;
    const bytes = full.subarray(0, this.#filled);
    this.#hash.update(bytes);
    await this.#writing;
    const position = this.#size;
    this.#size += bytes.length;
    this.#filled = 0;
    this.#buffer = this.#spare;
    this.#spare = full;
    this.#writing = this.#write(bytes, position);
    // The failure is met at the next await of #writing; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) done += await this.#disk.write(this.#file, bytes.subarray(done), position + done);
  }
}
