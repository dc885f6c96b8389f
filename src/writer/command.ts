import type { z } from 'zod';
import type { FixityError, Instant, Json } from '#kernel';
import type { Draft } from '#ledger';
import type { ViewReader } from '#views';

/** What a decision may look at. Pure: the same context and input give the same decision. */
export interface DecisionContext {
  readonly views: ViewReader;
  /** What will be the `recordedtime` of the entries. */
  readonly now: Instant;
  readonly actor: string;
  /** Entries on the ledger so far, earlier commands of the group included. */
  readonly size: number;
  /** How many entries a subject has; 0 when there is none. */
  readonly version: (subject: string) => number;
  /** A fresh short id (`7kq2m...`) of that length. */
  readonly id: (length?: number) => string;
}

/** Entries to record, all or none, and what to answer; or why not. No entries: an answer about what already is so. */
export type Decision<A extends Json> =
  | { readonly entries: readonly Draft[]; readonly answer: A }
  | { readonly refusal: FixityError };

/** A command, declared by its room in `commands.ts`. Run by the writer, one after another. */
export interface CommandDefinition<I = never, A extends Json = Json> {
  /** `<room>.<verb-noun>`, for example `registry.freeze-tag`. */
  readonly name: string;
  readonly input: z.ZodType<I>;
  decide(context: DecisionContext, input: I): Decision<A>;
}

export function defineCommand<I, A extends Json>(definition: CommandDefinition<I, A>): CommandDefinition<I, A> {
  return definition;
}

/** Who asks, and how a repeat of the same request is recognised. */
export interface CommandMeta {
  readonly actor: string;
  /** The caller's idempotency key; one is made when absent. */
  readonly commandId?: string;
  /** `If-Match`: the version a subject must have for the command to be decided at all. */
  readonly ifMatch?: { readonly subject: string; readonly version: number };
}

export interface CommandResult<A extends Json = Json> {
  readonly answer: A;
  /** Ledger indexes of what was recorded; empty when nothing needed recording. */
  readonly indexes: readonly number[];
  /** The ledger's size after it. */
  readonly size: number;
  /** True when this is the first answer given again. */
  readonly repeated: boolean;
}

/**
 * The door to the one writer of truth, as every other thread sees it. Resolves only when the entries are durable and
 * folded; rejects with the refusal (FixityError), or `writer-stopped` when the outcome cannot be known.
 */
export interface Writer {
  submit<I, A extends Json>(command: CommandDefinition<I, A>, input: I, meta: CommandMeta): Promise<CommandResult<A>>;
  /** Signs "at size N, subject S is at version v" with the log's key: a signed note (see ledger/statement.ts). */
  state(subject: string): Promise<string>;
}
