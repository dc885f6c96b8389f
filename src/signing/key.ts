import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { FixityError, type RandomBytes } from '#kernel';
import { ed25519, formatVerifier, keyHash, parseKeyText, type Verifier, verifierOf } from './verifier.ts';

/** An Ed25519 key with its name, which is what a note's signature line carries. */
export interface SigningKey {
  readonly verifier: Verifier;
  /** The 32 bytes the key is made from (RFC 8032, section 5.1.5). Secret. */
  readonly seed: Uint8Array;
  readonly privateKey: KeyObject;
}

/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410, section 7). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Makes a new key. @throws FixityError `invalid-input` when the name is empty or holds a space or `+`. */
export function generateKey(name: string, random: RandomBytes = randomBytes): SigningKey {
  return keyFromSeed(name, random(32));
}

/** The key file: `PRIVATE+KEY+<name>+<hash>+<base64>`, one line, as Go's `sumdb/note` writes it. */
export function formatPrivateKey({ verifier, seed }: SigningKey): string {
  const body = Buffer.concat([Uint8Array.of(ed25519), seed]).toString('base64');
  return `PRIVATE+KEY+${verifier.name}+${verifier.hash}+${body}\n`;
}

/** Reads a key file. @throws FixityError `invalid-input`; the message never holds the key. */
export function readPrivateKey(text: string): SigningKey {
  const prefix = 'PRIVATE+KEY+';
  const parsed = text.startsWith(prefix) ? parseKeyText(text.slice(prefix.length)) : undefined;
  const key = parsed === undefined ? undefined : keyFromSeed(parsed.name, parsed.key);
  if (key === undefined || key.verifier.hash !== parsed?.hash) {
    throw new FixityError('invalid-input', 'this is not a private key file', {
      next: ['give one line: PRIVATE+KEY+<name>+<hash>+<base64>'],
    });
  }
  return key;
}

/** The public half as text: `<name>+<hash>+<base64>` (C2SP signed-note, vkey). */
export function verifierKey(key: SigningKey): string {
  return formatVerifier(key.verifier);
}

/** The 64 bytes of an Ed25519 signature. */
export function signBytes(key: SigningKey, message: Uint8Array): Uint8Array {
  return sign(null, message, key.privateKey);
}

function keyFromSeed(name: string, seed: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicBytes = Buffer.from(x ?? '', 'base64url');
  return { verifier: verifierOf(name, keyHash(name, publicBytes), publicBytes), seed, privateKey };
}
