import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compose, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { digestOf, FixityError } from '#kernel';
import { ByteReader } from './byte-reader.ts';
import { contentsOf } from './disk.ts';
import type { TreeEntry } from './entry.ts';
import { encodeTree } from './listing.ts';
import { packTree } from './pack.ts';
import type { TreeLimits } from './rules.ts';
import { normalised, type ScannedTree } from './scan.ts';
import { unpackTree } from './unpack.ts';

export interface TarballOptions {
  /** A folder on a file system with room for the unpacked content; a folder inside it is used and removed. */
  readonly spool: string;
  /** Keep owners and modes as the archive has them; else as `scanTree` normalises them. */
  readonly preserve?: boolean;
  readonly limits?: TreeLimits;
}

/** A tarball, read: the same tree, and so the same digest, as the folder it was made of. */
export interface Tarball extends ScannedTree, AsyncDisposable {
  /** The normalised layer, as `packTree` makes it of a folder; may be asked for more than once. */
  layer(): Readable;
}

/**
 * Reads a `.tar` or `.tar.gz` into a spool folder, because a listing is in order of path and an archive need not be.
 * Dispose of it to clear the spool.
 * @throws FixityError as `unpackTree`; `invalid-input` also for damaged compression.
 */
export async function readTarball(
  source: string | AsyncIterable<Uint8Array>,
  options: TarballOptions,
): Promise<Tarball> {
  const spool = await mkdtemp(join(options.spool, 'tarball-'));
  const dispose = (): Promise<void> => rm(spool, { recursive: true, force: true });
  try {
    const folder = join(spool, 'tree');
    const archive = uncompressed(typeof source === 'string' ? createReadStream(source) : source);
    const { preserve = false, limits } = options;
    const written = await unpackTree(archive, folder, { attributes: false, ...(limits && { limits }) });
    const entries: TreeEntry[] = preserve ? written : written.map(normalised);
    const bytes = encodeTree(entries);
    return {
      entries,
      bytes,
      digest: digestOf(bytes),
      layer: () => packTree(entries, contentsOf(folder)),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Tells gzip by its first two bytes (RFC 1952, section 2.3.1), not by the name of the file. */
async function* uncompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  const start = (await reader.exactly(2)) ?? Buffer.alloc(0);
  const whole = rest(start, reader);
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* whole;
    return;
  }
  try {
    yield* compose(Readable.from(whole, { objectMode: false }), createGunzip());
  } catch (error) {
    if (error instanceof FixityError) throw error;
    throw new FixityError('invalid-input', 'The compression of the archive is damaged', { cause: error });
  }
}

async function* rest(start: Buffer, reader: ByteReader): AsyncGenerator<Uint8Array> {
  try {
    yield start;
    for (let piece = await reader.some(64 * 1024); piece; piece = await reader.some(64 * 1024)) yield piece;
  } finally {
    await reader.close();
  }
}
