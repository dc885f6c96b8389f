import { z } from 'zod';
import { digest, instant } from './names.ts';

export const repositoryName = z
  .string()
  .max(255)
  .regex(/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/);
export const tagName = z.string().regex(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);

export const repositorySettings = z.strictObject({
  repository: repositoryName,
  /** Tag patterns that move: `latest`, `main`, `cache-*`. */
  moving: z
    .array(z.string().regex(/^[a-zA-Z0-9_*][a-zA-Z0-9._*-]{0,127}$/))
    .max(64)
    .default([]),
  policy: z.enum(['final', 'mutable-after-delete']).default('final'),
});
export const repositorySummary = z.strictObject({
  repository: z.string(),
  tags: z.int(),
  artifacts: z.int(),
  moving: z.array(z.string()),
  policy: z.string(),
});
export const tagSummary = z.strictObject({
  tag: z.string(),
  digest,
  mediaType: z.string(),
  since: instant,
  by: z.string(),
  moving: z.boolean(),
  index: z.int(),
});
export const resolvedReference = z.strictObject({
  repository: z.string().optional(),
  tag: z.string().optional(),
  digest,
  mediaType: z.string().optional(),
});
