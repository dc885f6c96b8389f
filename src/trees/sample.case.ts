import * as fc from 'fast-check';
import { digestOf } from '#kernel';
import type { FileEntry, TreeEntry, Xattr } from './entry.ts';

/** A tree in memory: what it lists and what its files hold. */
export interface SampleTree {
  readonly entries: TreeEntry[];
  readonly contents: ReadonlyMap<string, Buffer>;
}

export const keyOf = (path: Uint8Array): string => Buffer.from(path).toString('latin1');

export function openSample(sample: SampleTree): (entry: FileEntry) => AsyncGenerator<Uint8Array> {
  return async function* (entry) {
    const content = sample.contents.get(keyOf(entry.path)) ?? Buffer.alloc(0);
    for (let at = 0; at < content.length; at += 700) yield content.subarray(at, at + 700);
  };
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}

const nameByte = fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 0x2f);
const rawName = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes.map((b) => (b === 0 || b === 0x2f ? 0x78 : b))));
const longName = nameByte.map((byte) => Buffer.alloc(180, byte));
const name = fc
  .oneof(
    { weight: 6, arbitrary: rawName },
    { weight: 2, arbitrary: fc.constantFrom('a', 'a.b', 'bin', 'ä').map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: longName },
  )
  .filter((bytes) => !['.', '..'].includes(bytes.toString('latin1')));

const xattrs: fc.Arbitrary<Xattr[]> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('user.a', 'user.b=c', 'user.%3D', 'security.capability'),
      fc.uint8Array({ maxLength: 20 }),
    ),
    {
      selector: ([key]) => key,
      maxLength: 3,
    },
  )
  .map((pairs) => pairs.map(([key, value]) => ({ name: Buffer.from(key), value: Buffer.from(value) })))
  .map((found) => found.sort((a, b) => Buffer.compare(a.name, b.name)));

const kind = fc.oneof(
  fc.record({ type: fc.constant('file' as const), content: fc.uint8Array({ maxLength: 2_000 }) }),
  fc.record({ type: fc.constant('folder' as const) }),
  fc.record({ type: fc.constant('link' as const), target: fc.oneof(rawName, longName) }),
);

interface Shape {
  /** Full listings hold what only root, or nobody without native calls, can set. */
  readonly full: boolean;
}

/** Trees whose every entry has a folder for a parent; each entry goes into one of the folders before it. */
export function sampleTrees({ full }: Shape): fc.Arbitrary<SampleTree> {
  const owner = full ? fc.constantFrom(0, 1, 1000, 0o7777777 + 1, 0xffff_ffff) : fc.constant(0);
  const mode = full ? fc.integer({ min: 0, max: 0o7777 }) : fc.constantFrom(0o755, 0o644);
  const item = fc.record({
    parent: fc.nat(),
    name,
    kind,
    mode,
    uid: owner,
    gid: owner,
    xattrs: full ? xattrs : fc.constant([]),
  });
  return fc.array(item, { maxLength: 12 }).map((items) => {
    const folders: Buffer[] = [Buffer.alloc(0)];
    const entries = new Map<string, TreeEntry>();
    const contents = new Map<string, Buffer>();
    for (const { parent, name, kind, ...rest } of items) {
      const folder = folders[parent % folders.length] ?? Buffer.alloc(0);
      const path = folder.length === 0 ? name : Buffer.concat([folder, Buffer.from('/'), name]);
      if (entries.has(keyOf(path)) || path.length > 900) continue;
      const common = { path, ...rest };
      if (kind.type === 'folder') folders.push(path);
      if (kind.type === 'file') contents.set(keyOf(path), Buffer.from(kind.content));
      entries.set(keyOf(path), entryOf(common, kind, full));
    }
    return { entries: [...entries.values()].sort((a, b) => Buffer.compare(a.path, b.path)), contents };
  });
}

type Kind = { type: 'file'; content: Uint8Array } | { type: 'folder' } | { type: 'link'; target: Buffer };
type Rest = Omit<TreeEntry & { type: 'folder' }, 'type'>;

function entryOf(common: Rest, kind: Kind, full: boolean): TreeEntry {
  if (kind.type === 'file')
    return { type: 'file', ...common, size: kind.content.length, digest: digestOf(kind.content) };
  if (kind.type === 'folder') return { type: 'folder', ...common, mode: full ? common.mode : 0o755 };
  return { type: 'link', ...common, mode: full ? common.mode : 0o777, target: kind.target, xattrs: [] };
}

/** The tree of the golden files: one of everything the formats can say. */
export function goldenTree(): SampleTree {
  const files: Record<string, string> = {
    'bin/serve': '#!/bin/sh\nexec true\n',
    'conf.yaml': 'tax:\n  mode: floor\n',
    empty: '',
    'a.b': 'sorts between a and a/b',
    'a/b': 'b',
    [`long/${'n'.repeat(120)}`]: 'a name that ustar cannot hold',
    [`${'p'.repeat(90)}/${'q'.repeat(90)}`]: 'a name that ustar holds in two fields',
  };
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  contents.set('caf\xe9', Buffer.from('a name that is not UTF-8'));
  const base = { mode: 0o644, uid: 0, gid: 0, xattrs: [] };
  const entries: TreeEntry[] = [...contents].map(([path, content]) => ({
    type: 'file',
    ...base,
    path: Buffer.from(path, 'latin1'),
    size: content.length,
    digest: digestOf(content),
    ...(path === 'bin/serve' && { mode: 0o4755, uid: 1000, gid: 3_000_000, xattrs: goldenXattrs }),
  }));
  for (const path of ['a', 'bin', 'long', 'p'.repeat(90), 'var']) {
    entries.push({ type: 'folder', ...base, mode: 0o755, path: Buffer.from(path) });
  }
  const targets = { current: 'bin/serve', dangling: '../nowhere', far: `/${'t'.repeat(150)}` };
  for (const [path, target] of Object.entries(targets)) {
    entries.push({ type: 'link', ...base, mode: 0o777, path: Buffer.from(path), target: Buffer.from(target) });
  }
  return { entries: entries.sort((a, b) => Buffer.compare(a.path, b.path)), contents };
}

const goldenXattrs: Xattr[] = [
  { name: Buffer.from('security.capability'), value: Buffer.from('0100000200040000000000000000000000000000', 'hex') },
  { name: Buffer.from('user.origin'), value: Buffer.from('ci') },
];
