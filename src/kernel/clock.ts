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

const first = Date.parse('0000-01-01T00:00:00.000Z');
const last = Date.parse('9999-12-31T23:59:59.999Z');
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Parses RFC 3339 (seconds may be left out) into the canonical form; undefined when it is not an instant, when there is
 * no such day, and when its year in UTC is not one of four digits: such an instant would not sort as it compares.
 */
export function parseInstant(text: string): Instant | undefined {
  if (!rfc3339.test(text) || !isDay(text.slice(0, 10))) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : sortable(milliseconds);
}

/** The instant, if its year has four digits. */
export function sortable(milliseconds: number): Instant | undefined {
  return milliseconds >= first && milliseconds <= last ? toInstant(milliseconds) : undefined;
}

/** `Date.parse` takes 30 February for 2 March. */
export function isDay(date: string): boolean {
  const milliseconds = Date.parse(date);
  return !Number.isNaN(milliseconds) && toInstant(milliseconds).startsWith(date);
}
