import { exitCodeOf } from '#cli';
import { httpStatus } from '#http';
import { errorCodes, FixityError } from '#kernel';

/** The reference page of all error codes, from the tables that decide. */
export function errorReference(): string {
  const rows = errorCodes.map((code) => {
    const error = new FixityError(code, '');
    return `| \`${code}\` | ${httpStatus[code]} | ${exitCodeOf(error)} | ${error.retryable ? 'yes' : 'no'} |`;
  });
  return [
    '# Error codes',
    '',
    'Every refusal and failure has one of these codes. Over HTTP it is the `code` of a problem document (RFC 9457); the',
    'command line leaves with the exit code. "Retry" says whether the same request may succeed later by itself.',
    '',
    '| code | HTTP status | exit code | retry |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
