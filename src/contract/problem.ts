import { z } from 'zod';
import { type ErrorCode, errorCodes } from '#kernel';

/** RFC 9457 problem document. `type` is a relative reference that ends in the code. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(errorCodes as unknown as [ErrorCode, ...ErrorCode[]]),
  facts: z.array(z.string()),
  next: z.array(z.string()),
  retryable: z.boolean(),
});
export type Problem = z.output<typeof problem>;
