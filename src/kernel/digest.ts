import { createHash } from 'node:crypto';
import { FixityError } from './errors.ts';

/** `sha256:` and 64 lower-case hex digits: the identity of a thing (OCI image-spec 1.1, descriptor.md). */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** @throws FixityError `invalid-input` when the text is not a whole sha256 digest. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new FixityError('invalid-input', `"${text.slice(0, 100)}" is not a sha256 digest`, {
    next: ['give sha256: followed by 64 lower-case hex digits'],
  });
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function digestFromBytes(hash: Uint8Array): Digest {
  return `sha256:${Buffer.from(hash).toString('hex')}`;
}

/** The 64 hex digits without the algorithm. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** The first 12 hex digits, as tables show it. */
export function shortDigest(digest: string): string {
  return digest.startsWith('sha256:') ? digest.slice(7, 19) : digest.slice(0, 12);
}
