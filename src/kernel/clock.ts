/** An instant as text: RFC 3339, UTC, exactly milliseconds: `2026-11-22T01:03:41.000Z`. Sorts as it compares. */
export type Instant = string;

/** Time and randomness come in through this, so that tests can hold both still. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export function toInstant(milliseconds: number): Instant {
  return new Date(milliseconds).toISOString();
}

export function fromInstant(instant: Instant): number {
  return Date.parse(instant);
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Parses RFC 3339 (seconds may be left out) into the canonical form; undefined when it is not an instant. */
export function parseInstant(text: string): Instant | undefined {
  if (!rfc3339.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : toInstant(milliseconds);
}
