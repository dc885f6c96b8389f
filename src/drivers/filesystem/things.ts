import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type Digest, digestOf, FixityError, shortDigest } from '#kernel';
import type { Range, Stat } from '#store';
import { isMissing } from './failure.ts';
import type { FileSystem } from './file-system.ts';
import { digestOfName, isFanOut, type Layout } from './layout.ts';
import { readPieces, readStream } from './reading.ts';
import { sendPieces } from './sending.ts';

/** The finished side of the store: files named by their digest, mode 0444. */
export class Things {
  readonly #layout: Layout;
  readonly #disk: FileSystem;
  /** Fan-out folders whose own name is known to be on the disk. */
  readonly #durable = new Set<string>();

  constructor(layout: Layout, disk: FileSystem) {
    this.#layout = layout;
    this.#disk = disk;
  }

  /**
   * Gives a finished and synced file its name. If the thing is here already, the file is dropped instead; the folder is
   * synced all the same, because whoever put the thing first may not have got that far.
   */
  async admit(path: string, { digest, size }: Stat): Promise<void> {
    const folder = this.#layout.fanOut(digest);
    await this.#makeFanOut(folder);
    const present = await this.stat(digest);
    if (present?.size === size) await this.#disk.unlink(path);
    else await this.#disk.rename(path, this.#layout.thing(digest));
    await this.#disk.syncFolder(folder);
  }

  async #makeFanOut(folder: string): Promise<void> {
    if (this.#durable.has(folder)) return;
    await this.#disk.makeFolder(folder);
    await this.#disk.syncFolder(this.#layout.things);
    this.#durable.add(folder);
  }

  async stat(digest: Digest): Promise<Stat | undefined> {
    try {
      return { digest, size: (await this.#disk.stat(this.#layout.thing(digest))).size };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async open(digest: Digest, range?: Range): Promise<Readable> {
    const { file, size } = await this.#openFile(digest);
    try {
      const { start, stop } = bounds(range, size, digest);
      return readStream(this.#disk, file, start, stop);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async send(digest: Digest, range: Range | undefined, sink: () => Writable): Promise<void> {
    const opened = await this.#openFile(digest);
    await using file = opened.file;
    const { start, stop } = bounds(range, opened.size, digest);
    const sent = await sendPieces(this.#disk, file, { start, stop }, sink());
    if (sent === stop - start) return;
    throw new FixityError('tampered', `The file of ${shortDigest(digest)} became shorter while it was read`, {
      facts: [`in ${this.#layout.thing(digest)}`],
      next: ['fixity verify'],
    });
  }

  async read(digest: Digest, maximum: number): Promise<Uint8Array> {
    const opened = await this.#openFile(digest);
    await using file = opened.file;
    if (opened.size > maximum) {
      throw new FixityError('too-large', `${shortDigest(digest)} is larger than may be read at once`, {
        facts: [`size ${opened.size} bytes, bound ${maximum} bytes`],
        members: { size: opened.size, maximum },
      });
    }
    const bytes = Buffer.concat(await Array.fromAsync(readPieces(this.#disk, file, 0, opened.size)));
    if (digestOf(bytes) === digest) return bytes;
    throw new FixityError('tampered', `The stored bytes of ${shortDigest(digest)} are not what they were`, {
      facts: [`expected ${digest}`, `found    ${digestOf(bytes)}`, `in ${this.#layout.thing(digest)}`],
      next: ['fixity verify'],
    });
  }

  async *list(): AsyncGenerator<Digest> {
    const fanOuts = await this.#disk.names(this.#layout.things);
    for (const fanOut of fanOuts.filter(isFanOut).sort()) {
      const names = await this.#disk.names(join(this.#layout.things, fanOut));
      for (const name of names.sort()) {
        const digest = digestOfName(fanOut, name);
        if (digest !== undefined) yield digest;
      }
    }
  }

  async remove(digest: Digest): Promise<void> {
    try {
      await this.#disk.unlink(this.#layout.thing(digest));
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    await this.#disk.syncFolder(this.#layout.fanOut(digest));
  }

  async #openFile(digest: Digest): Promise<{ file: FileHandle; size: number }> {
    try {
      const path = this.#layout.thing(digest);
      const file = await this.#disk.open(path, 'r');
      return { file, size: (await file.stat()).size };
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new FixityError('not-found', `The store does not hold ${shortDigest(digest)}`, {
        facts: [digest],
        next: ['check the digest, or push it first'],
      });
    }
  }
}

/** From `start` up to, not including, `stop`. */
function bounds(range: Range | undefined, size: number, digest: Digest): { start: number; stop: number } {
  if (range === undefined) return { start: 0, stop: size };
  checkRange(range, size, digest);
  return { start: range.start, stop: Math.min(size, (range.end ?? size) + 1) };
}

function checkRange({ start, end }: Range, size: number, digest: Digest): void {
  const whole = Number.isSafeInteger(start) && (end === undefined || Number.isSafeInteger(end));
  if (whole && start >= 0 && start < size && (end === undefined || end >= start)) return;
  throw new FixityError('range-invalid', `Bytes ${start}-${end ?? ''} are not in ${shortDigest(digest)}`, {
    facts: [`it has ${size} bytes, counted from 0`],
    members: { size },
  });
}
