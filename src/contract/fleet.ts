import { z } from 'zod';
import { instant, label, platform } from './names.ts';

export const nodeSummary = z.strictObject({
  node: label,
  platform,
  runtimes: z.array(z.string()),
  enrolled: instant,
  /** When it last reported, and whether that is recent enough to count as watched. */
  seen: instant.optional(),
  watching: z.boolean(),
  instances: z.int(),
  notes: z.array(z.string()),
});

export const logsQuery = z.strictObject({
  environment: label,
  service: label.optional(),
  instance: z.string().max(64).optional(),
  stream: z.enum(['stdout', 'stderr', 'both']).default('both'),
  bytes: z.coerce.number<number>().int().min(1).max(1_048_576).default(16_384),
});
export const logsAnswer = z.strictObject({
  parts: z.array(
    z.strictObject({
      instance: z.string(),
      service: label,
      stream: z.enum(['stdout', 'stderr']),
      text: z.string(),
      /** Byte offset after this part: where to go on from. */
      offset: z.int(),
      /** Why there is no text: the node does not answer, the instance is gone. */
      missing: z.string().optional(),
    }),
  ),
});
export const logDelivery = z.strictObject({
  request: z.string(),
  text: z.string().max(2_097_152),
  offset: z.int().min(0),
  missing: z.string().max(500).optional(),
});
