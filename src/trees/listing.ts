import { type Digest, digestFromBytes, digestOf, FixityError, hexOf } from '#kernel';
import { comparePaths, type TreeEntry, type Xattr } from './entry.ts';
import { ListingReader } from './listing-reader.ts';
import {
  entryProblem,
  maximumPath,
  maximumXattrName,
  maximumXattrs,
  maximumXattrValue,
  Neighbours,
  refusedEntry,
} from './rules.ts';

/** Media type of the listing and `artifactType` of a frozen folder. */
export const treeMediaType = 'application/vnd.fixity.tree.v1';

/** A listing is held in memory whole; at 100 bytes an entry this is over two million entries. */
export const maximumListing = 256 * 1024 * 1024;

const header = Buffer.from('fixity-tree-v1\n', 'latin1');
const types = { file: 0x66, folder: 0x64, link: 0x6c } as const;

/**
 * The canonical listing of a tree (`tree.v1`): the header `fixity-tree-v1\n`, then per entry, in order of raw path bytes
 * and all integers big-endian: type u8 (`f`, `d`, `l`); length u32 and path; mode u32; uid u32; gid u32; size u64 (0 for
 * folders and links); for `f` the 32 bytes of the SHA-256, for `l` length u32 and target; count u32 of extended
 * attributes in order of name, each length u32 and name, length u32 and value. There are no times in it.
 * The entries may come in any order.
 * @throws FixityError `invalid-input` naming the entry that cannot be in a tree.
 */
export function encodeTree(entries: readonly TreeEntry[]): Buffer {
  const neighbours = new Neighbours();
  const pieces: Uint8Array[] = [header];
  for (const entry of [...entries].sort(comparePaths)) {
    const problem = entryProblem(entry) ?? neighbours.problem(entry);
    if (problem !== undefined) throw refusedEntry(entry.path, problem);
    pieces.push(encodeEntry(entry));
  }
  return Buffer.concat(pieces);
}

function encodeEntry(entry: TreeEntry): Buffer {
  const head = Buffer.alloc(5 + entry.path.length + 20);
  head[0] = types[entry.type];
  let at = head.writeUInt32BE(entry.path.length, 1);
  head.set(entry.path, at);
  at = head.writeUInt32BE(entry.mode, at + entry.path.length);
  at = head.writeUInt32BE(entry.uid, at);
  at = head.writeUInt32BE(entry.gid, at);
  head.writeBigUInt64BE(BigInt(entry.type === 'file' ? entry.size : 0), at);
  const own =
    entry.type === 'file'
      ? [Buffer.from(hexOf(entry.digest), 'hex')]
      : entry.type === 'link'
        ? sized(entry.target)
        : [];
  const xattrs = entry.xattrs.flatMap(({ name, value }) => [...sized(name), ...sized(value)]);
  return Buffer.concat([head, ...own, uint32(entry.xattrs.length), ...xattrs]);
}

function sized(bytes: Uint8Array): Uint8Array[] {
  return [uint32(bytes.length), bytes];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The identity of a tree: the SHA-256 of its listing. */
export function treeDigest(entries: readonly TreeEntry[]): Digest {
  return digestOf(encodeTree(entries));
}

/**
 * Reads a listing, strictly: what it accepts, {@link encodeTree} gives back byte for byte.
 * @throws FixityError `too-large` above 256 MiB; `invalid-input` naming the record (counted from 1) that is wrong.
 */
export function decodeTree(bytes: Uint8Array): TreeEntry[] {
  if (bytes.length > maximumListing) {
    throw new FixityError('too-large', `The listing of the tree is larger than ${maximumListing} bytes`);
  }
  const reader = new ListingReader(bytes);
  if (!reader.bytes(Math.min(header.length, bytes.length)).equals(header)) {
    throw new FixityError(
      'invalid-input',
      'This is not the listing of a tree: it does not begin with "fixity-tree-v1"',
    );
  }
  const neighbours = new Neighbours();
  const entries: TreeEntry[] = [];
  while (!reader.done) {
    reader.record += 1;
    const entry = decodeEntry(reader);
    const problem = entryProblem(entry) ?? neighbours.problem(entry);
    if (problem !== undefined) throw reader.refused(problem);
    entries.push(entry);
  }
  return entries;
}

function decodeEntry(reader: ListingReader): TreeEntry {
  const type = reader.uint8();
  const path = reader.sized(maximumPath, 'the path');
  const common = { path, mode: reader.uint32(), uid: reader.uint32(), gid: reader.uint32() };
  const size = reader.uint64();
  if (type === types.file) {
    const digest = digestFromBytes(reader.bytes(32));
    return { type: 'file', ...common, size, digest, xattrs: decodeXattrs(reader) };
  }
  if (type !== types.folder && type !== types.link) throw reader.refused('its type is not f, d or l');
  if (size !== 0) throw reader.refused('it has a size but no content');
  if (type === types.folder) return { type: 'folder', ...common, xattrs: decodeXattrs(reader) };
  const target = reader.sized(maximumPath, 'the target');
  return { type: 'link', ...common, target, xattrs: decodeXattrs(reader) };
}

function decodeXattrs(reader: ListingReader): Xattr[] {
  const count = reader.uint32();
  if (count > maximumXattrs) throw reader.refused(`it has more than ${maximumXattrs} extended attributes`);
  const xattrs: Xattr[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = reader.sized(maximumXattrName, 'the name of an extended attribute');
    const value = reader.sized(maximumXattrValue, 'an extended attribute');
    xattrs.push({ name, value });
  }
  return xattrs;
}
