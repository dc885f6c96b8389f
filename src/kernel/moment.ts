import { type Instant, isDay, parseInstant, sortable, toInstant } from './clock.ts';
import { FixityError } from './errors.ts';

/**
 * A moment of an environment, as people type it (design section 2):
 * `prod`, `prod#118`, `prod~2`, `prod@02:03`, `prod@-10m`, `prod@2026-11-22T02:03Z`, `prod@{2 hours ago}`.
 */
export type Moment =
  | { readonly environment: string; readonly at: 'now' }
  | { readonly environment: string; readonly at: 'revision'; readonly number: number }
  | { readonly environment: string; readonly at: 'back'; readonly count: number }
  | { readonly environment: string; readonly at: 'instant'; readonly instant: Instant };

const shape =
  /^(?<environment>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:#(?<number>\d{1,9})|~(?<back>\d{1,9})|@(?<time>.+))?$/;
const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const relative = /^-(\d{1,6})([smhdw])$/;
const ago = /^\{(\d{1,6}) (second|minute|hour|day|week)s? ago\}$/;
const clockTime = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/**
 * Reads a moment. Clock times are the latest past ones in the process's time zone.
 * @throws FixityError `invalid-input` that names the accepted forms.
 */
export function parseMoment(text: string, now: number): Moment {
  const groups = shape.exec(text)?.groups;
  const environment = groups?.['environment'];
  if (environment === undefined) throw notAMoment(text);
  if (groups?.['number'] !== undefined) return { environment, at: 'revision', number: Number(groups['number']) };
  if (groups?.['back'] !== undefined) return { environment, at: 'back', count: Number(groups['back']) };
  const time = groups?.['time'];
  if (time === undefined) return { environment, at: 'now' };
  return { environment, at: 'instant', instant: parseTime(time, now) };
}

/**
 * Reads a time as people type it: `02:03`, `02:03:41`, `-10m`, `{2 hours ago}`, RFC 3339, or a date and clock time
 * without a zone, which is local. @throws FixityError `invalid-input`.
 */
export function parseTime(text: string, now: number): Instant {
  const span = relative.exec(text) ?? ago.exec(text);
  if (span !== null) {
    const instant = sortable(now - Number(span[1]) * (units[span[2]?.[0] ?? ''] ?? 0));
    if (instant === undefined) throw notAMoment(text);
    return instant;
  }
  const clock = clockTime.exec(text);
  if (clock !== null) {
    const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
    if (hours < 24 && minutes < 60 && seconds < 60) return latestPast(hours, minutes, seconds, now);
  }
  const instant = parseInstant(text) ?? localInstant(text);
  if (instant === undefined) throw notAMoment(text);
  return instant;
}

function localInstant(text: string): Instant | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?)?$/.test(text) || !isDay(text.slice(0, 10))) return undefined;
  const milliseconds = new Date(text.includes('T') ? text : `${text}T00:00`).getTime();
  return Number.isNaN(milliseconds) ? undefined : sortable(milliseconds);
}

function latestPast(hours: number, minutes: number, seconds: number, now: number): Instant {
  const time = new Date(now);
  time.setHours(hours, minutes, seconds, 0);
  if (time.getTime() > now) {
    time.setDate(time.getDate() - 1);
    time.setHours(hours, minutes, seconds, 0);
  }
  return toInstant(time.getTime());
}

function notAMoment(text: string): FixityError {
  return new FixityError('invalid-input', `"${text.slice(0, 100)}" is not a moment`, {
    next: ['prod, prod#118, prod~1, prod@02:03, prod@-10m or prod@2026-11-22T02:03Z'],
  });
}
