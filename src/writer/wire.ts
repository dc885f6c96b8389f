import { asFixityError, type ErrorCode, FixityError } from '#kernel';
import type { CommandResult } from './command.ts';
import type { CommitEvent } from './loop.ts';
import type { CommandRequest } from './request.ts';

/** A FixityError as it crosses threads: whole. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts: readonly string[];
  readonly next: readonly string[];
  readonly members: FixityError['members'];
  readonly stack: string | undefined;
  readonly cause: WireError | string | undefined;
}

/** To the writer thread: what was asked since the last message. */
export type WriterAsk =
  | { readonly id: number; readonly kind: 'command'; readonly request: CommandRequest }
  | { readonly id: number; readonly kind: 'state'; readonly subject: string }
  | { readonly id: number; readonly kind: 'close' };

export type WriterAnswer =
  | { readonly id: number; readonly result: CommandResult | string | undefined }
  | { readonly id: number; readonly error: WireError };

/** What the writer found and did when it started. */
export interface WriterReady {
  /** Entries on the ledger. */
  readonly size: number;
  /** The log's verifier key (C2SP signed-note): `<name>+<hash>+<base64>`. */
  readonly key: string;
  /** True when this start made the log's key: the ledger is new. */
  readonly keyMade: boolean;
  /** True when the views were folded from the beginning. */
  readonly rebuilt: boolean;
  /** Entries this start folded: what the last run recorded and had not folded, or all of them. */
  readonly folded: number;
}

/** From the writer thread. */
export type WriterNews =
  | { readonly kind: 'ready'; readonly ready: WriterReady }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'answers'; readonly answers: readonly WriterAnswer[]; readonly commits: readonly CommitEvent[] };

export function toWire(thrown: unknown): WireError {
  const { code, message, facts, next, members, stack, cause } = asFixityError(thrown);
  return { code, message, facts, next, members, stack, cause: causeToWire(cause) };
}

export function fromWire({ code, message, facts, next, members, stack, cause }: WireError): FixityError {
  const original = typeof cause === 'object' ? fromWire(cause) : cause === undefined ? undefined : new Error(cause);
  const error = new FixityError(code, message, { facts, next, members, cause: original });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function causeToWire(cause: unknown): WireError | string | undefined {
  if (cause instanceof FixityError) return toWire(cause);
  if (cause instanceof Error) return cause.message;
  return typeof cause === 'string' ? cause : undefined;
}
