import { emptyRoot, Frontier, hashSize, leafHash, sameHash, tileHash, tileWidth, widthAt } from '#merkle';
import type { Findings } from './findings.ts';
import type { LedgerInspection, LedgerRow } from './ports.ts';
import { describeWrongByte, findWrongByte, firstDifference } from './wrong-byte.ts';

/** A stored tile that is not what the hashes beneath it make. */
interface TileDifference {
  readonly level: number;
  readonly index: number;
  readonly is: Uint8Array | undefined;
  readonly was: Uint8Array;
}

/** So many wrong leaves are searched for the byte that is wrong. */
const searchedLeaves = 3;
const noHash = new Uint8Array(hashSize);

/**
 * Grows the tree anew and holds every tile against it. Fed with leaf hashes in order, in multiples of a tile's width but
 * for the last.
 */
class Growth {
  readonly differences: TileDifference[] = [];
  readonly #ledger: LedgerInspection;
  #frontier = Frontier.empty;
  /** The tiles that may still grow, by level. */
  readonly #growing = new Map<number, TileDifference>();
  #tiles = 0;

  constructor(ledger: LedgerInspection) {
    this.#ledger = ledger;
  }

  add(hashes: readonly Uint8Array[]): void {
    const { frontier, tiles } = this.#frontier.append(hashes);
    this.#frontier = frontier;
    for (const { level, index, hashes: was } of tiles) {
      const tile = { level, index, was, is: undefined };
      if (was.length === tileWidth * hashSize) {
        this.#compare(tile);
        this.#growing.delete(level);
      } else this.#growing.set(level, tile);
    }
  }

  finish(): { readonly root: Uint8Array; readonly tiles: number } {
    for (const tile of this.#growing.values()) this.#compare(tile);
    this.#growing.clear();
    return { root: this.#frontier.size === 0 ? emptyRoot : this.#frontier.root(), tiles: this.#tiles };
  }

  #compare({ level, index, was }: TileDifference): void {
    this.#tiles += 1;
    const is = this.#ledger.tile(level, index);
    if (is === undefined || Buffer.compare(is, was) !== 0) this.differences.push({ level, index, is, was });
  }
}

/** What the leaves and tiles turned out to be. */
export interface TreeResult {
  readonly root: Uint8Array;
  readonly tiles: number;
  /** Entries whose leaf is wrong or missing: nothing that follows from them is worth telling. */
  readonly wrongLeaves: ReadonlySet<number>;
}

/**
 * Holds leaves, tiles and the signed root against each other, and tells which of them is wrong: what leads to the signed
 * root is right. Knows nothing of entries.
 */
export class TreeCheck {
  readonly #ledger: LedgerInspection;
  readonly #fromLeaves: Growth;
  readonly #missing = new Set<number>();
  #next = 0;

  constructor(ledger: LedgerInspection) {
    this.#ledger = ledger;
    this.#fromLeaves = new Growth(ledger);
  }

  /** Takes the rows of the next `count` positions, those that are there. */
  add(rows: readonly LedgerRow[], count: number): void {
    const hashes: Uint8Array[] = [];
    let at = 0;
    for (let position = this.#next; position < this.#next + count; position += 1) {
      const row = rows[at];
      if (row?.position === position) {
        hashes.push(leafHash(row.leaf));
        at += 1;
      } else {
        this.#missing.add(position);
        hashes.push(this.#storedHash(position) ?? noHash);
      }
    }
    this.#next += count;
    this.#fromLeaves.add(hashes);
  }

  /** @param signed the root that the key vouches for. */
  finish(signed: Uint8Array, findings: Findings): TreeResult {
    const { root, tiles } = this.#fromLeaves.finish();
    for (const index of this.#missing) findings.add(`ledger, entry ${index}: missing`);
    const wrongLeaves = new Set(this.#missing);
    if (sameHash(root, signed)) {
      for (const tile of this.#fromLeaves.differences) findings.add(tileProblem(tile));
    } else {
      this.#blame(signed, wrongLeaves, findings);
    }
    for (const { level, index } of this.#ledger.places()) {
      const belongs = widthAt({ level, index }, this.#next) > 0;
      if (!belongs) findings.add(`ledger, tile ${level}/${index}: belongs to no entry`);
    }
    return { root, tiles, wrongLeaves };
  }

  /** The leaves do not lead to the signed root: do the hashes in the lowest tiles? */
  #blame(signed: Uint8Array, wrongLeaves: Set<number>, findings: Findings): void {
    const lowest = this.#fromLeaves.differences.filter(({ level }) => level === 0);
    const fromTiles = new Growth(this.#ledger);
    for (let from = 0; from < this.#next; from += tileWidth) {
      const positions = Array.from({ length: Math.min(tileWidth, this.#next - from) }, (_, offset) => from + offset);
      fromTiles.add(positions.map((position) => this.#storedHash(position) ?? noHash));
    }
    const tilesLead = sameHash(fromTiles.finish().root, signed);
    let searched = 0;
    for (const { index, was, is } of lowest) {
      for (let offset = 0; offset < was.length / hashSize; offset += 1) {
        const stored = is && tileHash(is, offset);
        const position = index * tileWidth + offset;
        if (wrongLeaves.has(position) || (stored !== undefined && sameHash(stored, tileHash(was, offset)))) continue;
        wrongLeaves.add(position);
        if (!tilesLead) {
          findings.add(`ledger, entry ${position}: leaf and tile 0/${index} do not agree, and neither is as signed`);
          continue;
        }
        searched += 1;
        const byte = searched <= searchedLeaves ? this.#wrongByte(position, stored) : undefined;
        findings.add(`ledger, entry ${position}: leaf does not match the signed root${describeWrongByte(byte)}`);
      }
    }
    if (tilesLead) {
      for (const tile of fromTiles.differences) findings.add(tileProblem(tile));
    } else if (lowest.length === 0) {
      findings.add('ledger: its entries do not lead to the signed root');
    }
  }

  #wrongByte(position: number, stored: Uint8Array | undefined) {
    const [row] = this.#ledger.rows(position, position + 1);
    if (row === undefined || stored === undefined) return undefined;
    return findWrongByte(row.leaf, (leaf) => sameHash(leafHash(leaf), stored));
  }

  #storedHash(position: number): Uint8Array | undefined {
    const tile = this.#ledger.tile(0, Math.floor(position / tileWidth));
    const offset = position % tileWidth;
    return tile === undefined || tile.length < (offset + 1) * hashSize ? undefined : tileHash(tile, offset);
  }
}

function tileProblem({ level, index, is, was }: TileDifference): string {
  const name = `ledger, tile ${level}/${index}`;
  if (is === undefined) return `${name}: missing`;
  return `${name}: does not match the signed root${describeWrongByte(firstDifference(is, was))}`;
}
