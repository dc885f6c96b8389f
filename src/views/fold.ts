import type { JsonObject } from '#kernel';
import type { EntryDefinition, Recorded } from '#ledger';
import type { ViewWriter } from './reader.ts';

/** How one room folds entries into its tables. Deterministic: the same entries give the same rows. */
export interface Fold {
  /** The room's name; its tables are named `<room>_<noun>` (dashes as underscores). */
  readonly room: string;
  /** Raised whenever a table changes its shape or meaning: the views are then rebuilt. */
  readonly version: number;
  /** `CREATE TABLE ...` and `CREATE INDEX ...` statements; STRICT, WITHOUT ROWID where a key is natural. */
  readonly tables: readonly string[];
  readonly on: readonly Handler[];
  /** Folds every entry of any type, after the handlers (for rooms such as history). */
  readonly every?: (recorded: Recorded, views: ViewWriter) => void;
}

export interface Handler {
  readonly type: string;
  apply(recorded: Recorded, views: ViewWriter): void;
}

/** Ties a handler to an entry definition, so that the data is typed. */
export function on<D extends JsonObject>(
  definition: EntryDefinition<D>,
  apply: (recorded: Recorded<D>, views: ViewWriter) => void,
): Handler {
  return { type: definition.type, apply: apply };
}
