import { z } from 'zod';

/** One entry with its inclusion in the checkpointed ledger (RFC 6962, section 2.1.1). */
export const provenEntry = z.strictObject({
  index: z.int(),
  /** The leaf bytes: canonical JSON of the entry, base64. */
  leaf: z.base64(),
  /** Sibling hashes from the leaf up, base64. */
  hashes: z.array(z.base64()),
});

/**
 * What `--proof FILE` writes and `fixity verify FILE --key KEY` checks with nothing else at hand.
 * `says` is what each part proves, in words.
 */
export const proofBundle = z.strictObject({
  format: z.literal('fixity-proof-v1'),
  /** The question that was asked, for people. */
  question: z.string().max(2000),
  /** The answer as given: what is to be proved. */
  answer: z.json(),
  /** C2SP tlog-checkpoint that every inclusion proof leads to. */
  checkpoint: z.string(),
  entries: z.array(provenEntry),
  /** For each subject: the version that held and the next one, or that there is none (a signed state statement). */
  subjects: z.array(
    z.strictObject({
      subject: z.string(),
      /** Ledger index of the version that held; absent when there was none yet. */
      held: z.int().optional(),
      /** Ledger index of the next version; absent when there is none. */
      next: z.int().optional(),
      /** Signed note: "at size N, subject S is at version v"; present when `next` is absent. */
      statement: z.string().optional(),
    }),
  ),
  /** Small things the entries name by digest: manifests and documents, base64 by digest. */
  things: z.record(z.string(), z.base64()),
});
export type ProofBundle = z.output<typeof proofBundle>;
