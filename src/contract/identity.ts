import { z } from 'zod';
import { instant } from './names.ts';

export const roles = ['admin', 'deployer', 'reader', 'node'] as const;
export type Role = (typeof roles)[number];

export const tokenRequest = z.strictObject({
  /** For people; kept in the directory of names, never in an entry. */
  name: z.string().trim().min(1).max(100),
  role: z.enum(roles).exclude(['node']),
  expiresInSeconds: z.int().min(60).max(315_360_000).optional(),
});
export const issuedToken = z.strictObject({
  id: z.string(),
  token: z.string(),
  role: z.enum(roles),
  expires: instant.optional(),
});
export const tokenSummary = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  role: z.enum(roles),
  issued: instant,
  issuedBy: z.string(),
  expires: instant.optional(),
  revoked: instant.optional(),
});
export const whoAmI = z.strictObject({ actor: z.string(), name: z.string().optional(), role: z.enum(roles) });
export const enrolmentToken = z.strictObject({ token: z.string(), expires: instant });
