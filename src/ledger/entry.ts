import { z } from 'zod';
import { canonicalBytes, FixityError, type Instant, type JsonObject, parseSubject } from '#kernel';

/** On what ground an entry stands (design section 1). */
export const bases = ['decided', 'observed', 'reported', 'inferred'] as const;
export type Basis = (typeof bases)[number];

const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

/** One event on the ledger: a CloudEvents 1.0 JSON object with Fixity's extension attributes (design section 4). */
export const entrySchema = z.strictObject({
  specversion: z.literal('1.0'),
  /** UUIDv7. */
  id: z.uuid(),
  /** The origin of the ledger, as in its checkpoints. */
  source: z.string().min(1).max(256),
  type: z.string().regex(/^dev\.fixity\.[a-z-]+\.[a-z-]+\.v\d+$/),
  subject: z.string().refine((text) => parseSubject(text) !== undefined),
  /** When it happened; never later than `recordedtime`. */
  time: instant,
  datacontenttype: z.literal('application/json'),
  data: z.record(z.string(), z.json()),
  /** The writer's clock; never decreasing along the ledger. */
  recordedtime: instant,
  /** Decimal; counts the entries of one subject from 1 without a gap. */
  subjectversion: z.string().regex(/^[1-9]\d{0,15}$/),
  /** A pseudonym such as `user:7kq2m`, never a personal name. */
  actor: z.string().regex(/^[a-z]+:[A-Za-z0-9._-]{1,128}$/),
  onbehalfof: z.string().max(256).optional(),
  basis: z.enum(bases),
  /** The caller's idempotency key. */
  commandid: z.string().min(1).max(128),
  /** The id of the entry that brought this one about. */
  cause: z.string().max(128).optional(),
});

export interface Entry {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: Instant;
  readonly datacontenttype: 'application/json';
  readonly data: JsonObject;
  readonly recordedtime: Instant;
  readonly subjectversion: string;
  readonly actor: string;
  readonly onbehalfof?: string | undefined;
  readonly basis: Basis;
  readonly commandid: string;
  readonly cause?: string | undefined;
}

/** An entry and where it stands on the ledger; the index counts from 0 and is not in the leaf. */
export interface Recorded<D extends JsonObject = JsonObject> {
  readonly index: number;
  readonly entry: Entry & { readonly data: D };
}

/** Leaf bytes are at most this long, because tlog-tiles entry bundles carry a 16-bit length. */
export const maximumLeafBytes = 65_535;

/** The leaf: RFC 8785 canonical JSON of the entry. @throws FixityError `too-large` past {@link maximumLeafBytes}. */
export function leafBytes(entry: Entry): Uint8Array {
  const bytes = canonicalBytes(entry);
  if (bytes.length <= maximumLeafBytes) return bytes;
  throw new FixityError('too-large', `this entry would hold ${bytes.length} bytes, the bound is ${maximumLeafBytes}`, {
    next: ['give less at once; anything larger is frozen as a thing and referred to by digest'],
  });
}

/** Reads a leaf back. @throws FixityError `tampered` when it is not a canonical entry. */
export function parseLeaf(leaf: Uint8Array): Entry {
  try {
    const entry = JSON.parse(Buffer.from(leaf).toString('utf8')) as Entry;
    entrySchema.parse(entry);
    if (!Buffer.from(canonicalBytes(entry)).equals(leaf)) throw new Error('not canonical JSON');
    return entry;
  } catch (cause) {
    throw new FixityError('tampered', 'a ledger leaf does not hold a canonical entry', { cause });
  }
}
