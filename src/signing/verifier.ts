import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { FixityError } from '#kernel';
import { decodeBase64 } from './base64.ts';

/** The public half of a key: name and hash say which key signed, the key says whether it did. */
export interface Verifier {
  readonly name: string;
  /** Eight hex digits: the first four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`. */
  readonly hash: string;
  /** The 32 bytes of RFC 8032. */
  readonly publicBytes: Uint8Array;
  readonly publicKey: KeyObject;
}

/** The signature type of plain Ed25519 notes (C2SP signed-note). */
export const ed25519 = 1;

/** Key names: no Unicode space, no plus, no control character, not empty. */
const namePattern = /^[^\s+\p{Cc}\u{85}]+$/u;
const keyText = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n?$/;
const maximumKeyText = 1024;

export function isKeyName(name: string): boolean {
  return namePattern.test(name) && name.isWellFormed();
}

export function keyHash(name: string, publicBytes: Uint8Array): string {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ed25519))
    .update(publicBytes)
    .digest('hex')
    .slice(0, 8);
}

/** @throws FixityError `invalid-input` when the name cannot stand in a signature line. */
export function verifierOf(name: string, hash: string, publicBytes: Uint8Array): Verifier {
  if (!isKeyName(name)) {
    throw new FixityError('invalid-input', `"${name.slice(0, 100)}" cannot name a key`, {
      next: ['use a name without spaces and plus signs, such as fixity.example.com/ledger'],
    });
  }
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicBytes).toString('base64url') };
  return { name, hash, publicBytes, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/** Reads `<name>+<hash>+<base64>`. @throws FixityError `invalid-input`. */
export function readVerifier(text: string): Verifier {
  const parsed = parseKeyText(text);
  if (parsed === undefined || keyHash(parsed.name, parsed.key) !== parsed.hash) {
    throw new FixityError('invalid-input', `"${text.slice(0, 100).trimEnd()}" is not a verifier key`, {
      next: ['give <name>+<hash>+<base64>, as it is served at /ledger/key'],
    });
  }
  return verifierOf(parsed.name, parsed.hash, parsed.key);
}

export function formatVerifier({ name, hash, publicBytes }: Verifier): string {
  return `${name}+${hash}+${Buffer.concat([Uint8Array.of(ed25519), publicBytes]).toString('base64')}`;
}

export function verifyBytes(verifier: Verifier, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, message, verifier.publicKey, signature);
}

/** The parts of a key text, private or public; undefined when it is not one of an Ed25519 key. */
export function parseKeyText(text: string): { name: string; hash: string; key: Uint8Array } | undefined {
  if (text.length > maximumKeyText) return undefined;
  const [, name, hash, body] = keyText.exec(text) ?? [];
  if (name === undefined || hash === undefined || body === undefined || !isKeyName(name)) return undefined;
  const bytes = decodeBase64(body);
  if (bytes === undefined || bytes.length !== 33 || bytes[0] !== ed25519) return undefined;
  return { name, hash, key: bytes.subarray(1) };
}
