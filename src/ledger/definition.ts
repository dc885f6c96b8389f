import type { z } from 'zod';
import type { Instant, JsonObject, Subject } from '#kernel';
import type { Basis, Entry, Recorded } from './entry.ts';

/** Something an entry touches: a subject, or the digest of a thing. Reachability, search and `changes` are built on it. */
export type Reference = Subject | `sha256:${string}`;

/**
 * One type of entry, declared by the room that records it in its `entries.ts`. Old versions stay declared for ever.
 */
export interface EntryDefinition<D extends JsonObject = JsonObject> {
  readonly type: string;
  readonly data: z.ZodType<D>;
  /** Everything this entry is about beside its own subject. Environments it concerns are among them. */
  touches(data: D, entry: Entry): readonly Reference[];
  /** One sentence in plain words, without a full stop, without the time and the actor. */
  says(data: D, entry: Entry): string;
  /** Whether people looking for what changed should see it, and under which word (`deploy`, `config`, `drift`, ...). */
  readonly change?: string | ((data: D) => string | undefined);
}

/** Keeps the data type of a definition while it is written down. */
export function defineEntry<D extends JsonObject>(definition: EntryDefinition<D>): EntryDefinition<D> {
  return definition;
}

/** What a decision asks to be recorded: the writer adds ids, versions, times and the actor. */
export interface Draft {
  readonly definition: EntryDefinition<never>;
  readonly subject: Subject;
  readonly data: JsonObject;
  readonly basis: Basis;
  /** When it happened, if not now. A time ahead of the writer's clock is clamped to it. */
  readonly time?: Instant;
  readonly onbehalfof?: string;
  readonly cause?: string;
  /** The version of the subject this must become; anything else refuses the whole command (`version-conflict`). */
  readonly expect?: number;
}

/** Builds a draft with the data checked by the compiler. */
export function draft<D extends JsonObject>(
  definition: EntryDefinition<D>,
  subject: Subject,
  data: D,
  more: Partial<Pick<Draft, 'basis' | 'time' | 'onbehalfof' | 'cause' | 'expect'>> = {},
): Draft {
  return { definition: definition as unknown as EntryDefinition<never>, subject, data, basis: 'decided', ...more };
}

/** All definitions by type, for those who read entries without knowing the rooms. */
export class EntryCatalogue {
  readonly #byType: ReadonlyMap<string, EntryDefinition>;

  constructor(definitions: readonly EntryDefinition<never>[]) {
    const known = definitions as unknown as readonly EntryDefinition[];
    this.#byType = new Map(known.map((definition) => [definition.type, definition]));
    if (this.#byType.size !== definitions.length) throw new Error('two entry definitions share one type');
  }

  definition(type: string): EntryDefinition | undefined {
    return this.#byType.get(type);
  }

  /** One sentence for any entry; a type from a newer version is named, not hidden. */
  says({ entry }: Recorded): string {
    return this.definition(entry.type)?.says(entry.data, entry) ?? `${entry.type} on ${entry.subject}`;
  }

  /** The word under which people looking for what changed see the entry; undefined when they should not. */
  change({ entry }: Recorded): string | undefined {
    const definition = this.definition(entry.type);
    return typeof definition?.change === 'function' ? definition.change(entry.data) : definition?.change;
  }

  touches({ entry }: Recorded): readonly Reference[] {
    return this.definition(entry.type)?.touches(entry.data, entry) ?? [];
  }
}
