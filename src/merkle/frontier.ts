import { hashSize, nodeHash } from './hash.ts';
import { joinNodes } from './nodes.ts';
import { MissingTile, type ReadTile, rightEdge, type TilePlace, tileHash, tileHeight, tileWidth } from './tiles.ts';

/** A tile that an append made or filled up further. */
export interface GrownTile extends TilePlace {
  readonly hashes: Uint8Array;
}

/**
 * The growing edge of a tree: what is needed to append leaves and to know the root. Immutable, so that an append whose
 * commit failed leaves no trace.
 */
export class Frontier {
  static readonly empty: Frontier = new Frontier(0, [], []);

  readonly size: number;
  /** The complete subtree of 2^level leaves at the right edge, by level; absent where `size` has a zero bit. */
  readonly #subtrees: readonly (Uint8Array | undefined)[];
  /** The hashes of the growing tile, by tile level. */
  readonly #tiles: readonly Uint8Array[];

  private constructor(size: number, subtrees: readonly (Uint8Array | undefined)[], tiles: readonly Uint8Array[]) {
    this.size = size;
    this.#subtrees = subtrees;
    this.#tiles = tiles;
  }

  /**
   * Takes up the tree of `size` leaves from its growing tiles. The caller compares {@link root} with a signed one.
   * @throws MissingTile when one of them is absent or too short.
   */
  static async open(size: number, readTile: ReadTile): Promise<Frontier> {
    const subtrees: (Uint8Array | undefined)[] = [];
    const tiles: Uint8Array[] = [];
    for (const { level, index, width } of rightEdge(size)) {
      const tile = await readTile(level, index);
      if (tile === undefined || tile.length < width * hashSize) throw new MissingTile({ level, index }, width);
      tiles[level] = tile.slice(0, width * hashSize);
      for (let position = 0; position < width; position += 1) {
        push(subtrees, level * tileHeight, position, tileHash(tile, position));
      }
    }
    return new Frontier(size, subtrees, tiles);
  }

  root(): Uint8Array {
    return joinNodes(this.#subtrees.filter((subtree) => subtree !== undefined).reverse());
  }

  /** The tree with these leaves behind it, and every tile that became different. */
  append(leafHashes: readonly Uint8Array[]): { readonly frontier: Frontier; readonly tiles: readonly GrownTile[] } {
    const subtrees = [...this.#subtrees];
    const levels = this.#tiles.map((tile) => new TileLevel(tile));
    let size = this.size;
    for (const hash of leafHashes) {
      push(subtrees, 0, size, hash, (level, whole) => {
        if (level % tileHeight === 0) (levels[level / tileHeight] ??= new TileLevel()).push(whole);
      });
      size += 1;
    }
    const tiles = levels.flatMap((level, number) =>
      level.grown(number, Math.floor(this.size / tileWidth ** (number + 1))),
    );
    const frontier = new Frontier(
      size,
      subtrees,
      levels.map((level) => level.growing()),
    );
    return { frontier, tiles };
  }
}

/**
 * Adds the subtree number `position` of its level, and joins it with its left siblings as far as they are complete.
 * `made` hears of the subtree itself and of each larger one.
 */
function push(
  subtrees: (Uint8Array | undefined)[],
  from: number,
  position: number,
  subtree: Uint8Array,
  made?: (level: number, subtree: Uint8Array) => void,
): void {
  let [level, hash] = [from, subtree];
  made?.(level, hash);
  for (let rest = position; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = subtrees[level];
    if (left === undefined) throw new Error(`the subtree of level ${level} is missing`);
    hash = nodeHash(left, hash);
    subtrees[level] = undefined;
    level += 1;
    made?.(level, hash);
  }
  subtrees[level] = hash;
}

/** One level of tiles while leaves are appended: the tile that was growing, and those behind it. */
class TileLevel {
  readonly #hashes: Uint8Array[];
  readonly #before: number;

  constructor(growing: Uint8Array = new Uint8Array(0)) {
    this.#before = growing.length / hashSize;
    this.#hashes = Array.from({ length: this.#before }, (_, position) => tileHash(growing, position));
  }

  push(hash: Uint8Array): void {
    this.#hashes.push(hash);
  }

  /** The tiles that hold a new hash; `first` is the index of the tile that was growing. */
  grown(level: number, first: number): GrownTile[] {
    if (this.#hashes.length === this.#before) return [];
    const tiles: GrownTile[] = [];
    for (let from = 0; from < this.#hashes.length; from += tileWidth) {
      const hashes = Buffer.concat(this.#hashes.slice(from, from + tileWidth));
      tiles.push({ level, index: first + from / tileWidth, hashes });
    }
    return tiles;
  }

  growing(): Uint8Array {
    return Buffer.concat(this.#hashes.slice(this.#hashes.length - (this.#hashes.length % tileWidth)));
  }
}
