import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  consistencyProof,
  emptyRoot,
  Frontier,
  hashSize,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  MissingTile,
  nodeHash,
  nodesFromTiles,
  type ReadTile,
  rightEdge,
  rootAt,
  sameHash,
  tileHash,
  widthAt,
} from './index.ts';

const longest = 65_537;
const hashes = Array.from({ length: longest }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));
const memo = new Map<string, Uint8Array>();

/** MTH of RFC 6962, section 2.1, as it is written there. */
function mth(from: number, to: number): Uint8Array {
  if (from === to) return emptyRoot;
  if (to - from === 1) return hashes[from] ?? emptyRoot;
  const key = `${from} ${to}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
  const root = nodeHash(mth(from, middle), mth(middle, to));
  memo.set(key, root);
  return root;
}

/** PATH of RFC 6962, section 2.1.1. */
function path(index: number, from: number, to: number): Uint8Array[] {
  if (to - from === 1) return [];
  const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
  return index < middle
    ? [...path(index, from, middle), mth(middle, to)]
    : [...path(index, middle, to), mth(from, middle)];
}

/** SUBPROOF of RFC 6962, section 2.1.2. */
function subproof(old: number, from: number, to: number, whole: boolean): Uint8Array[] {
  if (old === to) return whole ? [] : [mth(from, to)];
  const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
  return old <= middle
    ? [...subproof(old, from, middle, whole), mth(middle, to)]
    : [...subproof(old, middle, to, false), mth(from, middle)];
}

/** Tiles as an append left them; only the last, fullest state of each is kept. */
class Tiles {
  readonly all = new Map<string, Uint8Array>();
  readonly read: ReadTile = (level, index) => Promise.resolve(this.all.get(`${level}/${index}`));

  grow(frontier: Frontier, to: number): Frontier {
    const grown = frontier.append(hashes.slice(frontier.size, to));
    for (const { level, index, hashes: bytes } of grown.tiles) this.all.set(`${level}/${index}`, bytes);
    return grown.frontier;
  }
}

const whole = new Tiles();
whole.grow(Frontier.empty, longest);
const nodes = nodesFromTiles(whole.read);
const edges = [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537];
const size = fc.oneof(
  fc.constantFrom(...edges),
  fc.integer({ min: 0, max: 1100 }),
  fc.integer({ min: 0, max: longest }),
);

describe('a Merkle tree in tiles', () => {
  it('gives every root that the recursive definition gives', async () => {
    for (const at of [...edges, ...Array.from({ length: 300 }, (_, index) => index)]) {
      assert.deepEqual(Buffer.from(await rootAt(at, nodes)), Buffer.from(mth(0, at)), `size ${at}`);
    }
  });

  it('proves inclusion as RFC 6962 does, and the proof verifies only as it is', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), fc.nat(), async (of, choice, flip) => {
        fc.pre(of > 0);
        const index = choice % of;
        const proof = await inclusionProof(index, of, nodes);
        assert.deepEqual(proof.map(hex), path(index, 0, of).map(hex));
        const claim = { index, size: of, leafHash: at(index), root: mth(0, of), proof };
        assert.equal(isIncluded(claim), true);
        assert.equal(isIncluded({ ...claim, proof: [...proof, emptyRoot] }), false);
        assert.equal(isIncluded({ ...claim, leafHash: emptyRoot }), false);
        if (index + 1 < of) assert.equal(isIncluded({ ...claim, index: index + 1 }), false);
        if (proof.length > 0) {
          assert.equal(isIncluded({ ...claim, proof: proof.slice(1) }), false);
          assert.equal(isIncluded({ ...claim, proof: flipped(proof, flip) }), false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('proves consistency as RFC 6962 does, and the proof verifies only as it is', async () => {
    await fc.assert(
      fc.asyncProperty(size, size, fc.nat(), async (one, other, flip) => {
        const [from, to] = one < other ? [one, other] : [other, one];
        const proof = await consistencyProof(from, to, nodes);
        assert.deepEqual(proof.map(hex), from === 0 ? [] : subproof(from, 0, to, true).map(hex));
        const claim = { from, to, fromRoot: mth(0, from), toRoot: mth(0, to), proof };
        assert.equal(isConsistent(claim), true);
        assert.equal(isConsistent({ ...claim, proof: [...proof, emptyRoot] }), false);
        assert.equal(isConsistent({ ...claim, fromRoot: nodeHash(emptyRoot, emptyRoot) }), false);
        if (proof.length > 0) {
          assert.equal(isConsistent({ ...claim, proof: flipped(proof, flip) }), false);
          assert.equal(isConsistent({ ...claim, proof: proof.slice(1) }), false);
          assert.equal(isConsistent({ ...claim, toRoot: claim.fromRoot }), false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('grows batch by batch to the tiles and roots of one append, also when taken up again in between', async () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(1, 255, 256, 257, 700)), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 250, 1000), steps, fc.boolean(), async (start, batches, reopen) => {
        const tiles = new Tiles();
        let frontier = tiles.grow(Frontier.empty, start);
        for (const count of batches) {
          frontier = tiles.grow(frontier, Math.min(longest, frontier.size + count));
          if (reopen) frontier = await Frontier.open(frontier.size, tiles.read);
          assert.equal(hex(frontier.root()), hex(mth(0, frontier.size)));
        }
        const once = new Tiles();
        once.grow(Frontier.empty, frontier.size);
        assert.deepEqual(listed(tiles), listed(once));
      }),
      { numRuns: 40 },
    );
  });

  it('grows across the first full tile of level 1', async () => {
    const tiles = new Tiles();
    let frontier = tiles.grow(Frontier.empty, 65_500);
    for (const to of [65_535, 65_536, 65_537]) {
      frontier = tiles.grow(await Frontier.open(frontier.size, tiles.read), to);
      assert.equal(hex(frontier.root()), hex(mth(0, to)));
    }
    assert.deepEqual(listed(tiles), listed(whole));
  });

  it('has at each place the tile that C2SP tlog-tiles describes', () => {
    // The example of the specification: 273 full and a partial tile, one full and a partial one, one partial one.
    assert.deepEqual(rightEdge(70_000), [
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    assert.deepEqual(rightEdge(256), [{ level: 1, index: 0, width: 1 }]);
    assert.deepEqual(rightEdge(0), []);
    assert.equal(widthAt({ level: 0, index: 273 }, 70_000), 112);
    assert.equal(widthAt({ level: 0, index: 274 }, 70_000), 0);
    assert.equal(widthAt({ level: 1, index: 0 }, 70_000), 256);
    for (const [key, tile] of whole.all) {
      const [level = 0, index = 0] = key.split('/').map(Number);
      assert.equal(tile.length, widthAt({ level, index }, longest) * hashSize, key);
      const span = 256 ** level;
      const last = tile.length / hashSize - 1;
      const first = (index * 256 + last) * span;
      assert.equal(hex(tileHash(tile, last)), hex(mth(first, first + span)), key);
    }
  });

  it('says which tile is missing or too short', async () => {
    const short = new Tiles();
    short.grow(Frontier.empty, 300);
    short.all.set('0/1', Buffer.alloc(5 * hashSize));
    await assert.rejects(Frontier.open(300, short.read), (error: unknown) => {
      assert.ok(error instanceof MissingTile);
      assert.deepEqual(error.place, { level: 0, index: 1 });
      return true;
    });
    await assert.rejects(rootAt(300, nodesFromTiles(short.read)), MissingTile);
    await assert.rejects(rootAt(600, nodesFromTiles(short.read)), MissingTile);
  });

  it('refuses proofs of what cannot be', async () => {
    assert.throws(() => inclusionProof(5, 5, nodes), RangeError);
    assert.throws(() => inclusionProof(-1, 5, nodes), RangeError);
    assert.throws(() => inclusionProof(0.5, 5, nodes), RangeError);
    assert.throws(() => consistencyProof(6, 5, nodes), RangeError);
    assert.equal(isIncluded({ index: 5, size: 5, leafHash: emptyRoot, root: emptyRoot, proof: [] }), false);
    assert.equal(isIncluded({ index: 0, size: 1, leafHash: Buffer.alloc(3), root: Buffer.alloc(3), proof: [] }), false);
    const shrunk = { from: 2, to: 1, fromRoot: emptyRoot, toRoot: emptyRoot, proof: [] };
    assert.equal(isConsistent(shrunk), false);
    assert.equal(isConsistent({ ...shrunk, from: 0, to: 4, fromRoot: mth(0, 1) }), false);
  });
});

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
const at = (index: number): Uint8Array => hashes[index] ?? emptyRoot;

function flipped(proof: readonly Uint8Array[], choice: number): Uint8Array[] {
  const copy = proof.map((hash) => Uint8Array.from(hash));
  const chosen = copy[choice % copy.length];
  if (chosen !== undefined) chosen[choice % hashSize] = (chosen[choice % hashSize] ?? 0) ^ (1 << (choice % 8));
  assert.ok(chosen !== undefined && !sameHash(chosen, proof[choice % copy.length] ?? emptyRoot));
  return copy;
}

function listed(tiles: Tiles): [string, string][] {
  return [...tiles.all].map(([key, bytes]): [string, string] => [key, hex(bytes)]).sort(([a], [b]) => (a < b ? -1 : 1));
}
