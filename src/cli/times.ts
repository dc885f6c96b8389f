import { fromInstant, type Instant } from '#kernel';

const two = (value: number): string => String(value).padStart(2, '0');
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function zone(date: Date): string {
  const part = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName');
  return part?.value ?? 'UTC';
}

function day(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function sameDay(a: Date, b: Date): boolean {
  return day(a) === day(b);
}

/** The full form, once per block: `Tue 2026-11-17 14:02:11 CET (13:02:11Z)`; the day is left out when it is today. */
export function fullTime(instant: Instant, now: number): string {
  const date = new Date(fromInstant(instant));
  const name = zone(date);
  const utc = instant.slice(11, 19);
  const prefix = sameDay(date, new Date(now)) ? '' : `${weekdays[date.getDay()]} ${day(date)} `;
  return `${prefix}${clock(date)} ${name}${name === 'UTC' ? '' : ` (${utc}Z)`}`;
}

/** The short form for tables: `01:47:12` today, `Tue 14:02` within a week, `2026-11-01` before. */
export function shortTime(instant: Instant, now: number): string {
  const date = new Date(fromInstant(instant));
  if (sameDay(date, new Date(now))) return clock(date);
  if (now - date.getTime() < 6 * 86_400_000)
    return `${weekdays[date.getDay()]} ${two(date.getHours())}:${two(date.getMinutes())}`;
  return day(date);
}

/** A span as people say it: `16 s`, `10m48s`, `3h05m`, `2 d`. */
export function span(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)} d`;
}
