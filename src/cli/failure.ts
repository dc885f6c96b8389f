import { asFixityError, type ErrorCode, FixityError } from '#kernel';

/** Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the server cannot be reached, 4 found a difference. */
const exitCodes: Readonly<Partial<Record<ErrorCode, number>>> = { unreachable: 3, tampered: 4 };

export function exitCodeOf(error: unknown): number {
  return error instanceof FixityError ? (exitCodes[error.code] ?? 1) : 1;
}

const failures: ReadonlySet<ErrorCode> = new Set([
  'internal',
  'unreachable',
  'timed-out',
  'storage-failed',
  'writer-stopped',
]);

/** One sentence, the facts in an indented block, what to do next. */
export function describeFailure(error: unknown): string {
  const known = asFixityError(error);
  const word = known.code === 'tampered' ? 'TAMPERED' : failures.has(known.code) ? 'Failed:' : 'Refused:';
  const lines = [`${word} ${known.message}`, ...known.facts.map((fact) => `  ${fact}`)];
  known.next.slice(0, 2).forEach((next, at) => lines.push(`${at === 0 ? 'Next: ' : '      '}${next}`));
  return lines.join('\n');
}
