import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { changedWhileRead, readFailure } from './disk.ts';
import { comparePaths, type FileEntry, type TreeEntry } from './entry.ts';
import { blockSize, encodeHeader, padding } from './tar-header.ts';

/**
 * The layer of a tree: an uncompressed tar in order of path, deterministic byte for byte, without times. The content of
 * each file is hashed on the way.
 * @throws FixityError `digest-mismatch` in the stream when a file is no longer what its entry says.
 */
export function packTree(
  entries: readonly TreeEntry[],
  open: (entry: FileEntry) => AsyncIterable<Uint8Array>,
): Readable {
  return Readable.from(blocks([...entries].sort(comparePaths), open), { objectMode: false });
}

async function* blocks(
  entries: readonly TreeEntry[],
  open: (entry: FileEntry) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield encodeHeader(entry);
    if (entry.type !== 'file' || entry.size === 0) continue;
    yield* checkedContent(entry, open(entry));
    const fill = padding(entry.size);
    if (fill.length > 0) yield fill;
  }
  yield Buffer.alloc(2 * blockSize);
}

async function* checkedContent(entry: FileEntry, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of content) {
      size += chunk.length;
      if (size > entry.size) throw changedWhileRead(entry.path);
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw readFailure(error, entry.path);
  }
  if (size !== entry.size || `sha256:${hash.digest('hex')}` !== entry.digest) throw changedWhileRead(entry.path);
}
