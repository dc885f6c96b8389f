import { hash } from 'node:crypto';

/** Bytes in one hash. */
export const hashSize = 32;

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1). */
export const emptyRoot: Uint8Array = hash('sha256', '', 'buffer');

/** `SHA-256(0x00 || leaf)` (RFC 6962, section 2.1). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(leaf.length + 1);
  prefixed.set(leaf, 1);
  return hash('sha256', prefixed, 'buffer');
}

/** `SHA-256(0x01 || left || right)` (RFC 6962, section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(1 + 2 * hashSize);
  prefixed[0] = 1;
  prefixed.set(left, 1);
  prefixed.set(right, 1 + hashSize);
  return hash('sha256', prefixed, 'buffer');
}

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
