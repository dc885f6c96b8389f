import { createHash } from 'node:crypto';
import type { RandomBytes } from '#kernel';

/** What a token's text starts with, so that people and secret scanners recognise it. */
const prefixes = { token: 'fixity_', enrolment: 'fixity-enrol_', node: 'fixity-node_' } as const;

/** A new secret of 256 random bits. */
export function makeSecret(kind: keyof typeof prefixes, random: RandomBytes): string {
  return prefixes[kind] + Buffer.from(random(32)).toString('base64url');
}

/**
 * The only form in which a secret is kept: SHA-256 in hex. Looking a hash up tells an attacker who measures time
 * nothing about the secret, because hashes of near misses are not near.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
