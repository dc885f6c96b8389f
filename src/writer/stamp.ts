import type { z } from 'zod';
import { FixityError, type Instant, type JsonObject, parseInstant, type RandomBytes, uuidv7 } from '#kernel';
import { type Draft, type Entry, type EntryDefinition, entrySchema } from '#ledger';

/** All of an entry but `data`, which is checked against its definition instead. */
const envelopeSchema = entrySchema.omit({ data: true });

export interface StampOptions {
  /** The ledger's origin. */
  readonly source: string;
  readonly actor: string;
  readonly commandId: string;
  readonly recordedtime: Instant;
  readonly version: number;
  readonly milliseconds: number;
  readonly random: RandomBytes;
}

/**
 * Makes a draft an entry: id, source, version, actor and times. A time ahead of the writer's clock is clamped to
 * `recordedtime`, and what was claimed is kept as the data's `claimedtime` (design section 4).
 * @throws FixityError `schema-violation` when data or envelope do not fit.
 */
export function stamp(draft: Draft, options: StampOptions): Entry {
  const { recordedtime, version, actor, commandId } = options;
  const claimed = draft.time;
  const ahead = claimed !== undefined && claimed > recordedtime;
  const data = checkedData(draft);
  const envelope = {
    specversion: '1.0',
    id: uuidv7(options.milliseconds, options.random),
    source: options.source,
    type: draft.definition.type,
    subject: draft.subject,
    time: claimed === undefined || ahead ? recordedtime : claimed,
    datacontenttype: 'application/json',
    recordedtime,
    subjectversion: String(version),
    actor,
    basis: draft.basis,
    commandid: commandId,
    ...(draft.onbehalfof === undefined ? {} : { onbehalfof: draft.onbehalfof }),
    ...(draft.cause === undefined ? {} : { cause: draft.cause }),
  } as const;
  const checked = envelopeSchema.safeParse(envelope);
  if (!checked.success) throw violation(draft, checked.error);
  if (claimed !== undefined && parseInstant(claimed) !== claimed) {
    throw new FixityError('schema-violation', `${claimed} is not an instant in UTC with milliseconds`);
  }
  return { ...envelope, data: ahead ? { ...data, claimedtime: claimed } : data };
}

function checkedData(draft: Draft): JsonObject {
  const definition = draft.definition as unknown as EntryDefinition;
  const checked = definition.data.safeParse(draft.data);
  if (checked.success) return checked.data;
  throw violation(draft, checked.error);
}

function violation(draft: Draft, error: z.ZodError): FixityError {
  return new FixityError('schema-violation', `an entry ${draft.definition.type} on ${draft.subject} does not fit`, {
    facts: error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`),
  });
}
