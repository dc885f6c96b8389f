import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '#kernel';
import type { FileEntry } from './entry.ts';
import { packTree } from './pack.ts';
import { pickFiles } from './pick.ts';

const contents = new Map(['a', 'b/c', 'd'].map((path) => [path, Buffer.from(`content of ${path}`)]));
const entries = [...contents].map(([path, bytes]): FileEntry => {
  const attributes = { mode: 0o644, uid: 0, gid: 0, xattrs: [] };
  return { type: 'file', path: Buffer.from(path), size: bytes.length, digest: digestOf(bytes), ...attributes };
});

/** The layer, piece by piece; says how much of it was read. */
async function* layer(read: { bytes: number }): AsyncGenerator<Uint8Array> {
  const open = async function* (entry: FileEntry) {
    const content = contents.get(Buffer.from(entry.path).toString());
    if (content !== undefined) yield content;
  };
  for await (const piece of packTree(entries, open)) {
    read.bytes += (piece as Uint8Array).length;
    yield piece as Uint8Array;
  }
}

test('reads the wanted files out of a layer, and no further than the last of them', async () => {
  const [read, whole] = [{ bytes: 0 }, { bytes: 0 }];
  const [first] = entries;
  assert.ok(first !== undefined);
  const picked = await pickFiles(layer(read), [first]);
  assert.deepEqual([...picked.values()], [contents.get('a')]);
  assert.deepEqual([...(await pickFiles(layer(whole), entries)).values()], [...contents.values()]);
  assert.ok(read.bytes < whole.bytes);
});

test('leaves out what is not there, or not what its entry says', async () => {
  const [first] = entries;
  assert.ok(first !== undefined);
  const absent = { ...first, path: Buffer.from('z') };
  const other = { ...first, digest: digestOf('another') };
  assert.equal((await pickFiles(layer({ bytes: 0 }), [absent])).size, 0);
  assert.equal((await pickFiles(layer({ bytes: 0 }), [other])).size, 0);
  assert.equal((await pickFiles(layer({ bytes: 0 }), [])).size, 0);
});
