import { z } from 'zod';
import { type Digest, isDigest, labelPattern } from '#kernel';

/** A service, an environment or a node: a DNS label, so that host names can be made from it. */
export const label = z.string().regex(labelPattern, 'must be 1 to 63 lower-case letters, digits and dashes');
export const digest = z
  .string()
  .refine((text): text is Digest => isDigest(text), 'must be sha256: and 64 hex digits') as z.ZodType<Digest, string>;
export const instant = z.iso.datetime({ offset: true });
export const hostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be a lower-case host name');
export const reason = z.string().trim().min(1).max(500);
/** An `<os>/<architecture>` pair as OCI image indexes name them. */
export const platform = z.strictObject({ os: z.string().max(32), architecture: z.string().max(32) });
export type Platform = z.output<typeof platform>;
