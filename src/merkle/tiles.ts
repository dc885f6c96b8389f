import { hashSize, nodeHash } from './hash.ts';
import type { Node, ReadNodes } from './nodes.ts';

/** Hashes in a full tile, and the height of the subtree it spans (C2SP tlog-tiles). */
export const tileWidth = 256;
export const tileHeight = 8;

/** The place of a tile: level 0 holds leaf hashes, each level above one hash per full tile below. */
export interface TilePlace {
  readonly level: number;
  readonly index: number;
}

/** A tile's hashes, one after another; undefined when there is none. A partial tile is the prefix of a fuller one. */
export type ReadTile = (level: number, index: number) => Promise<Uint8Array | undefined>;

/** How many hashes the tile holds in a tree of `size` leaves: 0 (there is none) to 256. */
export function widthAt({ level, index }: TilePlace, size: number): number {
  const hashes = Math.floor(size / tileWidth ** level) - index * tileWidth;
  return Math.max(0, Math.min(tileWidth, hashes));
}

/** The tiles of a tree that are still growing: at most one for each level, none where a level ends on a full tile. */
export function rightEdge(size: number): (TilePlace & { readonly width: number })[] {
  const edge: (TilePlace & { width: number })[] = [];
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / tileWidth)) {
    const width = count % tileWidth;
    if (width > 0) edge.push({ level, index: Math.floor(count / tileWidth), width });
  }
  return edge;
}

export function tileHash(tile: Uint8Array, position: number): Uint8Array {
  return tile.subarray(position * hashSize, (position + 1) * hashSize);
}

/**
 * Reads nodes from tiles, each tile once for one call.
 * @throws MissingTile when a tile is absent or too short: the tree is damaged.
 */
export function nodesFromTiles(readTile: ReadTile): ReadNodes {
  return async (nodes) => {
    const tiles = new Map<string, Promise<Uint8Array | undefined>>();
    const read = (place: TilePlace): Promise<Uint8Array | undefined> => {
      const key = `${place.level}/${place.index}`;
      const tile = tiles.get(key) ?? readTile(place.level, place.index);
      tiles.set(key, tile);
      return tile;
    };
    return Promise.all(
      nodes.map(async (node) => {
        const { place, from, count } = placeOf(node);
        const tile = await read(place);
        if (tile === undefined || tile.length < (from + count) * hashSize) throw new MissingTile(place, from + count);
        return subtree(tile, from, count);
      }),
    );
  };
}

/** A tile that a tree of this size must have is not there, or too short. */
export class MissingTile extends Error {
  override readonly name = 'MissingTile';
  readonly place: TilePlace;

  constructor(place: TilePlace, width: number) {
    super(`tile ${place.level}/${place.index} does not hold ${width} hashes`);
    this.place = place;
  }
}

/** Which hashes of which tile a node is made of. */
function placeOf({ level, index }: Node): { place: TilePlace; from: number; count: number } {
  const count = 2 ** (level % tileHeight);
  const first = index * count;
  const place = { level: Math.floor(level / tileHeight), index: Math.floor(first / tileWidth) };
  return { place, from: first % tileWidth, count };
}

function subtree(tile: Uint8Array, from: number, count: number): Uint8Array {
  if (count === 1) return tileHash(tile, from);
  return nodeHash(subtree(tile, from, count / 2), subtree(tile, from + count / 2, count / 2));
}
