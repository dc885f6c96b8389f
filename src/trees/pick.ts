import { type Digest, digestOf } from '#kernel';
import type { FileEntry } from './entry.ts';
import { readTar } from './tar-reader.ts';

/**
 * Reads the content of some files out of the layer of a tree, and no further than the last of them. What is not there,
 * or is not what its entry says, is left out. All of it is held in memory: the caller bounds what is wanted.
 * @throws FixityError as reading the archive does: `invalid-input`, `unsupported`.
 */
export async function pickFiles(
  layer: AsyncIterable<Uint8Array>,
  wanted: readonly FileEntry[],
): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const left = new Map(wanted.map((entry) => [keyOf(entry.path), entry]));
  const picked = new Map<Digest, Uint8Array>();
  if (left.size === 0) return picked;
  for await (const member of readTar(layer)) {
    const entry = left.get(keyOf(member.name));
    if (entry === undefined) continue;
    if (member.type === 'file' && member.size === entry.size) {
      const pieces: Uint8Array[] = [];
      for await (const piece of member.content) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      if (digestOf(bytes) === entry.digest) picked.set(entry.digest, bytes);
    }
    left.delete(keyOf(entry.path));
    if (left.size === 0) break;
  }
  return picked;
}

function keyOf(path: Uint8Array): string {
  return Buffer.from(path).toString('latin1');
}
