import { type Instant, parseTime } from '#kernel';

/** A flag's text; an empty one is refused rather than taken to mean nothing. */
export function text(value: string): string {
  if (value.trim() === '') throw new SyntaxError('must not be empty');
  return value;
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new SyntaxError(`"${value}" is not a whole number`);
  return Number(value);
}

/** A time as people type it: `02:03`, `-10m`, RFC 3339. */
export function time(value: string): Instant {
  return parseTime(text(value), Date.now());
}

export const json = { kind: 'boolean', brief: 'Answer with JSON', optional: true, withNegated: false } as const;
export const env = {
  kind: 'parsed',
  parse: text,
  brief: 'The environment (prod, or FIXITY_ENVIRONMENT)',
  optional: true,
  placeholder: 'name',
} as const;
export const yes = { kind: 'boolean', brief: 'Do not ask', optional: true, withNegated: false } as const;
export const dryRun = {
  kind: 'boolean',
  brief: 'Show what would change, and change nothing',
  optional: true,
  withNegated: false,
} as const;
export const full = { kind: 'boolean', brief: 'Whole digests', optional: true, withNegated: false } as const;
export const knownAt = {
  kind: 'parsed',
  parse: time,
  brief: 'Only what was known then',
  optional: true,
  placeholder: 'time',
} as const;
export const proof = {
  kind: 'parsed',
  parse: text,
  brief: 'Also write a proof that fixity verify checks offline',
  optional: true,
  placeholder: 'file',
} as const;
export const reason = {
  kind: 'parsed',
  parse: text,
  brief: 'Why; it is recorded',
  optional: true,
  placeholder: 'text',
} as const;
