/** What a refusal or failure is called. Closed: HTTP statuses, exit codes and the reference page are tables over it. */
export const errorCodes = [
  'invalid-input',
  'unauthenticated',
  'forbidden',
  'not-found',
  'ambiguous-digest',
  'tag-final',
  'version-conflict',
  'command-reused',
  'rollout-in-progress',
  'nothing-to-do',
  'dirty-tree',
  'schema-violation',
  'digest-mismatch',
  'unsupported',
  'no-node',
  'platform-mismatch',
  'too-large',
  'range-invalid',
  'port-taken',
  'data-locked',
  'storage-full',
  'storage-failed',
  'writer-stopped',
  'unreachable',
  'timed-out',
  'tampered',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetail {
  /** The facts block: one line each, shown indented beneath the sentence. */
  readonly facts?: readonly string[];
  /** Commands or requests to try next, most likely first. */
  readonly next?: readonly string[];
  readonly cause?: unknown;
  /** Members for programs, carried in the problem document (RFC 9457, section 3.2). */
  readonly members?: Readonly<Record<string, string | number | boolean>>;
}

/** Codes for which the same request may succeed later without anything else being changed. */
const retryable: ReadonlySet<ErrorCode> = new Set([
  'rollout-in-progress',
  'storage-full',
  'storage-failed',
  'writer-stopped',
  'unreachable',
  'timed-out',
]);

/** The one error class of the product: a stable code, one sentence for people, and what to do next. */
export class FixityError extends Error {
  override readonly name = 'FixityError';
  readonly code: ErrorCode;
  readonly facts: readonly string[];
  readonly next: readonly string[];
  readonly members: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.facts = detail.facts ?? [];
    this.next = detail.next ?? [];
    this.members = detail.members ?? {};
  }

  /** True when a retry of the same request can help. */
  get retryable(): boolean {
    return retryable.has(this.code);
  }
}

/** The error as it is, or wrapped as `internal` with the original as its cause. */
export function asFixityError(error: unknown): FixityError {
  if (error instanceof FixityError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FixityError('internal', message, { cause: error });
}
