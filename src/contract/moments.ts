import { z } from 'zod';
import { instant, label } from './names.ts';

/**
 * A moment as the API takes it: instants, ledger indexes and revisions (the client resolves clock times).
 * At most one of `time`, `revision`, `back` and `index`; none means now.
 */
export const momentQuery = z.strictObject({
  environment: label,
  time: instant.optional(),
  revision: z.coerce.number<number>().int().min(1).optional(),
  back: z.coerce.number<number>().int().min(1).optional(),
  /** As of the entry with this ledger index. */
  index: z.coerce.number<number>().int().min(0).optional(),
  /** Only what had been recorded by then. */
  knownAt: instant.optional(),
});
export type MomentQuery = z.output<typeof momentQuery>;

/** What a moment turned out to be. */
export const resolvedMoment = z.strictObject({
  environment: label,
  time: instant,
  now: z.boolean(),
  /** The revision in force, absent before the first. */
  revision: z.int().optional(),
  digest: z.string().optional(),
  since: instant.optional(),
  /** Ledger size that the answer takes into account. */
  size: z.int(),
});
export type ResolvedMoment = z.output<typeof resolvedMoment>;
