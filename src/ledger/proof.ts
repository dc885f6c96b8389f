import { z } from 'zod';
import { FixityError } from '#kernel';
import { isConsistent, isIncluded, leafHash } from '#merkle';
import { decodeBase64, type Verifier } from '#signing';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { parseLeaf, type Recorded } from './entry.ts';

const hash = z.base64().length(44);
/** RFC 6962 proofs hold at most two hashes for each level of the tree. */
const hashes = z.array(hash).max(128);

/** That one entry is on the ledger: everything needed to check it offline but the log's public key. */
export const inclusionProofSchema = z.strictObject({
  index: z.int().nonnegative(),
  /** The leaf as text; its UTF-8 bytes are what was hashed. */
  leaf: z.string().max(65_535),
  /** The signed note. */
  checkpoint: z.string().max(65_535),
  /** Base64, from the leaf's sibling up. */
  hashes,
});

/** That a later state of the ledger still begins with everything an earlier one held. */
export const consistencyProofSchema = z.strictObject({
  from: z.string().max(65_535),
  to: z.string().max(65_535),
  hashes,
});

export type InclusionProof = z.infer<typeof inclusionProofSchema>;
export type ConsistencyProof = z.infer<typeof consistencyProofSchema>;

/** Whose ledger it must be. */
export interface TrustedLog {
  readonly origin: string;
  readonly verifiers: readonly Verifier[];
}

/**
 * Checks an inclusion proof offline.
 * @throws FixityError `invalid-input` when it is malformed; `tampered` when signature, leaf, place or path do not hold.
 */
export function verifyInclusion(proof: unknown, log: TrustedLog): { recorded: Recorded; checkpoint: Checkpoint } {
  const { index, leaf, checkpoint: note, hashes } = read(inclusionProofSchema, proof, 'an inclusion proof');
  const checkpoint = openCheckpoint(note, log.origin, log.verifiers);
  const bytes = Buffer.from(leaf, 'utf8');
  const claim = {
    index,
    size: checkpoint.size,
    root: checkpoint.root,
    leafHash: leafHash(bytes),
    proof: decode(hashes),
  };
  if (!isIncluded(claim)) {
    throw new FixityError('tampered', `entry ${index} is not on the ledger whose root was signed`, {
      facts: [`the checkpoint is of size ${checkpoint.size}`, 'leaf, index or path is not the one that was recorded'],
    });
  }
  return { recorded: { index, entry: parseLeaf(bytes) }, checkpoint };
}

/** Checks a consistency proof offline. @throws FixityError as {@link verifyInclusion}. */
export function verifyConsistency(proof: unknown, log: TrustedLog): { from: Checkpoint; to: Checkpoint } {
  const parsed = read(consistencyProofSchema, proof, 'a consistency proof');
  const from = openCheckpoint(parsed.from, log.origin, log.verifiers);
  const to = openCheckpoint(parsed.to, log.origin, log.verifiers);
  const claim = { from: from.size, to: to.size, fromRoot: from.root, toRoot: to.root, proof: decode(parsed.hashes) };
  if (isConsistent(claim)) return { from, to };
  throw new FixityError('tampered', `the ledger of size ${to.size} does not begin with that of size ${from.size}`);
}

export function encodeHashes(hashes: readonly Uint8Array[]): string[] {
  return hashes.map((hash) => Buffer.from(hash).toString('base64'));
}

function decode(hashes: readonly string[]): Uint8Array[] {
  return hashes.map((hash) => decodeBase64(hash) ?? new Uint8Array(0));
}

function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FixityError('invalid-input', `this is not ${what}`, { cause: parsed.error });
}
