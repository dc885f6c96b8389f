import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '#identity';
import { fromInstant } from '#kernel';

/** Where the node agent of the same machine finds its one-time token: readable by the server's user only. */
export function enrolmentFile(data: string): string {
  return join(data, 'enrolment');
}

/** Puts a fresh one-time token into the file now and again shortly before each ends. */
export function announceEnrolment(data: string, enrolments: Identity['enrolments']): void {
  const { token, expires } = enrolments.create();
  const path = enrolmentFile(data);
  writeFileSync(`${path}.new`, `${token}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  const left = Math.max(60_000, fromInstant(expires) - Date.now() - 60_000);
  setTimeout(() => announceEnrolment(data, enrolments), Math.min(left, 2 ** 31 - 1)).unref();
}
