import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { digestOf } from '#kernel';
import { decodeTree, diffTrees, encodeTree, type TreeEntry, treeDigest } from './index.ts';
import { goldenTree, sampleTrees } from './sample.case.ts';

const golden = new URL('../../tests/golden/trees/sample.tree.v1', import.meta.url);
const base = { mode: 0o644, uid: 0, gid: 0, xattrs: [] };
const file = (path: string): TreeEntry => ({
  type: 'file',
  ...base,
  path: Buffer.from(path),
  size: 1,
  digest: digestOf('x'),
});
const folder = (path: string): TreeEntry => ({ type: 'folder', ...base, path: Buffer.from(path) });
const link = (path: string, target: string): TreeEntry => ({
  type: 'link',
  ...base,
  path: Buffer.from(path),
  target: Buffer.from(target),
});

void describe('the listing of a tree', () => {
  void it('is the golden file, byte for byte, both ways', async () => {
    const bytes = await readFile(golden);
    const { entries } = goldenTree();
    assert.deepEqual(encodeTree(entries), bytes);
    assert.deepEqual(encodeTree(entries.toReversed()), bytes);
    assert.deepEqual(encodeTree(decodeTree(bytes)), bytes);
    assert.equal(treeDigest(entries), digestOf(bytes));
  });

  void it('of an empty folder is the header alone', () => {
    assert.equal(encodeTree([]).toString(), 'fixity-tree-v1\n');
    assert.deepEqual(decodeTree(Buffer.from('fixity-tree-v1\n')), []);
  });

  void it('comes back as it went', () => {
    fc.assert(
      fc.property(sampleTrees({ full: true }), ({ entries }) => {
        const decoded = decodeTree(encodeTree(entries));
        assert.deepEqual(diffTrees(entries, decoded), []);
        assert.equal(decoded.length, entries.length);
      }),
    );
  });

  void it('has another digest when any field of any entry is another', () => {
    const arbitrary = sampleTrees({ full: true }).filter(({ entries }) => entries.length > 0);
    fc.assert(
      fc.property(arbitrary, fc.nat(), ({ entries }, choice) => {
        const at = choice % entries.length;
        const entry = entries[at];
        assert.ok(entry);
        const before = treeDigest(entries);
        for (const other of variants(entry)) {
          assert.notEqual(treeDigest(entries.with(at, other)), before);
          assert.deepEqual(diffTrees(entries, entries.with(at, other)), [
            { path: entry.path, change: 'changed', before: entry, after: other },
          ]);
        }
      }),
    );
  });

  void it('is refused when anything is not as it is written', () => {
    const arbitrary = fc.record({ tree: sampleTrees({ full: true }), at: fc.nat(), bit: fc.nat({ max: 7 }) });
    fc.assert(
      fc.property(arbitrary, ({ tree, at, bit }) => {
        const bytes = encodeTree(tree.entries);
        const flipped = Buffer.from(bytes);
        const index = at % bytes.length;
        flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
        for (const damaged of [flipped, bytes.subarray(0, index), Buffer.concat([bytes, Buffer.from('f')])]) {
          const decoded = decodedOr(damaged);
          // A flipped bit may make another valid listing; then that is what it says, and nothing else encodes to it.
          if (decoded) assert.deepEqual(encodeTree(decoded), damaged);
        }
      }),
    );
  });

  const refused: [string, TreeEntry[], RegExp][] = [
    ['an absolute path', [file('/etc')], /absolute/],
    ['a path with ..', [folder('a'), file('a/..')], /part "\.\."/],
    ['a path with .', [file('./a')], /part "\."/],
    ['an empty path', [file('')], /empty/],
    ['a path ending in a slash', [folder('a'), file('a/')], /empty part/],
    ['a zero byte in a path', [file('a\0b')], /zero byte/],
    ['a path too long', [file('x'.repeat(4097))], /4096/],
    ['a parent that is missing', [file('a/b')], /parent/],
    ['a parent that is a file', [file('a'), file('a/b')], /parent/],
    ['a parent that is a link', [link('a', '/'), file('a/b')], /parent/],
    ['the same path twice', [file('a'), folder('a')], /twice/],
    ['an empty target', [link('a', '')], /target/],
    ['a mode that is more than permissions', [{ ...file('a'), mode: 0o100644 }], /mode/],
    ['an attribute of another kind', [{ ...file('a'), xattrs: [xattr('trusted.x')] }], /user\.\*/],
    ['attributes out of order', [{ ...file('a'), xattrs: [xattr('user.b'), xattr('user.a')] }], /sorted/],
  ];
  for (const [title, entries, message] of refused) {
    void it(`cannot hold ${title}`, () => {
      assert.throws(() => encodeTree(entries), { code: 'invalid-input', message });
    });
  }

  void it('names the record that is wrong', () => {
    const [a, b] = [encodeTree([file('a')]), encodeTree([file('b')])];
    const unsorted = Buffer.concat([b, a.subarray(15)]);
    assert.throws(() => decodeTree(unsorted), { code: 'invalid-input', message: /Record 2 .*not sorted/ });
    assert.throws(() => decodeTree(Buffer.concat([a, a.subarray(15)])), { message: /Record 2 .*twice/ });
    assert.throws(() => decodeTree(a.subarray(0, -1)), { message: /Record 1 .*in the middle/ });
    assert.throws(() => decodeTree(Buffer.from('fixity-tree-v2\n')), { message: /does not begin/ });
  });

  void it('says what was added, removed and changed', () => {
    const before = [folder('a'), file('a/b'), file('gone'), link('l', 'x')];
    const after = [folder('a'), { ...file('a/b'), mode: 0o755 }, link('l', 'x'), file('new')];
    const found = diffTrees(before, after).map(({ path, change }) => `${change} ${Buffer.from(path).toString()}`);
    assert.deepEqual(found, ['changed a/b', 'removed gone', 'added new']);
  });
});

function xattr(name: string): { name: Buffer; value: Buffer } {
  return { name: Buffer.from(name), value: Buffer.from('v') };
}

/** The entry with each of its fields changed in turn. */
function variants(entry: TreeEntry): TreeEntry[] {
  const others: TreeEntry[] = [
    { ...entry, mode: entry.mode ^ 1 },
    { ...entry, uid: (entry.uid ^ 1) >>> 0 },
    { ...entry, gid: (entry.gid ^ 1) >>> 0 },
    { ...entry, xattrs: [...entry.xattrs, xattr('user.zz')] },
  ];
  const [first] = entry.xattrs;
  if (first) {
    others.push({ ...entry, xattrs: entry.xattrs.slice(1) });
    const value = Buffer.concat([first.value, Buffer.from('!')]);
    others.push({ ...entry, xattrs: [{ ...first, value }, ...entry.xattrs.slice(1)] });
  }
  if (entry.type === 'file') {
    others.push({ ...entry, size: entry.size + 1 }, { ...entry, digest: digestOf('other') });
    const { size: _size, digest: _digest, ...rest } = entry;
    others.push({ ...rest, type: 'link', target: Buffer.from('t') });
  }
  if (entry.type === 'link') others.push({ ...entry, target: Buffer.concat([entry.target, Buffer.from('!')]) });
  return others;
}

function decodedOr(bytes: Uint8Array): TreeEntry[] | undefined {
  try {
    return decodeTree(bytes);
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'invalid-input');
    return undefined;
  }
}
