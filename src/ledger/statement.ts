import { FixityError, parseSubject } from '#kernel';
import { openNote, type SigningKey, signNote, type Verifier } from '#signing';
import { type Checkpoint, formatCheckpoint, parseCheckpoint, parseCount } from './checkpoint.ts';

/**
 * "At size N, subject S is at version v", signed by the log: any entry of S with a later version and an index below N
 * that is shown later contradicts it. Version 0: the subject has no entry.
 */
export interface StateStatement extends Checkpoint {
  readonly subject: string;
  readonly version: number;
}

const header = 'fixity-state-v1';

/** The note text: `fixity-state-v1`, origin, size, base64 root, subject, version, one line each. */
export function formatStatement(statement: StateStatement): string {
  return `${header}\n${formatCheckpoint(statement)}${statement.subject}\n${statement.version}\n`;
}

/** @throws FixityError `invalid-input` when the text is not a state statement. */
export function parseStatement(text: string): StateStatement {
  const lines = text.split('\n');
  const [first, origin, size, root, subject, decimal, end] = lines;
  const version = parseCount(decimal ?? '');
  const known = first === header && lines.length === 7 && end === '';
  if (!known || version === undefined || parseSubject(subject ?? '') === undefined) {
    throw new FixityError('invalid-input', 'this is not a state statement', {
      next: [`give the signed note whose first line is ${header}`],
    });
  }
  return { ...parseCheckpoint(`${origin}\n${size}\n${root}\n`), subject: subject ?? '', version };
}

export function signStatement(statement: StateStatement, key: SigningKey): string {
  return signNote(formatStatement(statement), [key]);
}

/** @throws FixityError `invalid-input` when it is none; `tampered` when the signature or the origin is another. */
export function openStatement(note: string, origin: string, verifiers: readonly Verifier[]): StateStatement {
  const statement = parseStatement(openNote(note, verifiers).text);
  if (statement.origin === origin) return statement;
  throw new FixityError('tampered', `the statement is one of ${statement.origin}, not of ${origin}`);
}
