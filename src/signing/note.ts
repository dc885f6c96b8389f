import { FixityError } from '#kernel';
import { decodeBase64 } from './base64.ts';
import { type SigningKey, signBytes } from './key.ts';
import { isKeyName, type Verifier, verifyBytes } from './verifier.ts';

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  /** Eight hex digits. */
  readonly hash: string;
  readonly signature: Uint8Array;
}

/** A note taken apart; nothing in it is to be believed before {@link openNote}. */
export interface ParsedNote {
  /** Ends in a newline; it is what was signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Bounds on what is read from others: bytes of the whole note, signatures on it. */
export const maximumNoteBytes = 1_000_000;
export const maximumSignatures = 100;

const line = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/;

/**
 * Signs a text (C2SP signed-note): `<text>\n— <name> <base64>\n`, one line for each key.
 * @throws FixityError `invalid-input` when the text does not end in a newline or holds other control characters.
 */
export function signNote(text: string, keys: readonly SigningKey[]): string {
  checkText(text);
  const message = Buffer.from(text, 'utf8');
  const lines = keys.map((key) => formatSignature({ ...key.verifier, signature: signBytes(key, message) }));
  return `${text}\n${lines.join('')}`;
}

/** Puts further signatures, of witnesses for example, behind those that a note has. */
export function addSignatures(note: string, signatures: readonly NoteSignature[]): string {
  parseNote(note);
  return note + signatures.map(formatSignature).join('');
}

/** Takes a note apart without verifying it. @throws FixityError `invalid-input` when it is not a signed note. */
export function parseNote(note: string): ParsedNote {
  if (note.length > maximumNoteBytes) throw notANote(`it is longer than ${maximumNoteBytes} bytes`);
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw notANote('it has no signatures behind an empty line');
  const text = note.slice(0, split + 1);
  checkText(text);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > maximumSignatures) throw notANote(`it has more than ${maximumSignatures} signatures`);
  return { text, signatures: lines.map(parseSignature) };
}

/**
 * Verifies a note and returns it. Signatures of keys that are not given are ignored.
 * @throws FixityError `invalid-input` when it is no note; `tampered` when a known key's signature does not hold, or no
 * known key signed.
 */
export function openNote(note: string, verifiers: readonly Verifier[]): ParsedNote {
  const { text, signatures } = parseNote(note);
  const message = Buffer.from(text, 'utf8');
  const verified = new Map<string, NoteSignature>();
  for (const signature of signatures) {
    const key = verifiers.find(({ name, hash }) => name === signature.name && hash === signature.hash);
    if (key === undefined) continue;
    if (!verifyBytes(key, message, signature.signature)) {
      throw new FixityError('tampered', `the signature of ${signature.name} does not match the note it stands under`);
    }
    verified.set(`${key.name}+${key.hash}`, signature);
  }
  if (verified.size > 0) return { text, signatures: [...verified.values()] };
  throw new FixityError('tampered', 'the note is not signed by a known key', {
    facts: [
      `signed by ${signatures.map(({ name, hash }) => `${name}+${hash}`).join(', ')}`,
      `known are ${verifiers.map(({ name, hash }) => `${name}+${hash}`).join(', ') || 'none'}`,
    ],
  });
}

function formatSignature({ name, hash, signature }: Pick<NoteSignature, 'name' | 'hash' | 'signature'>): string {
  return `\u2014 ${name} ${Buffer.concat([Buffer.from(hash, 'hex'), signature]).toString('base64')}\n`;
}

function parseSignature(text: string): NoteSignature {
  const [, name, body] = line.exec(text) ?? [];
  const bytes = body === undefined ? undefined : decodeBase64(body);
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length < 5) {
    throw notANote('a signature line is not "\u2014 <name> <base64>"');
  }
  return { name, hash: Buffer.from(bytes.subarray(0, 4)).toString('hex'), signature: bytes.subarray(4) };
}

function checkText(text: string): void {
  if (!text.endsWith('\n')) throw notANote('its text does not end in a newline');
  if (!text.isWellFormed()) throw notANote('its text is not Unicode');
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 && unit !== 0x0a) throw notANote('its text holds a control character');
  }
}

function notANote(why: string): FixityError {
  return new FixityError('invalid-input', `this is not a signed note: ${why}`);
}
