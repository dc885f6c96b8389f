import { FixityError } from '#kernel';
import { hashSize } from '#merkle';
import { decodeBase64, openNote, type SigningKey, signNote, type Verifier } from '#signing';

/** What a log says of itself when it signs: so many leaves, this root (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The note text: origin, decimal size, base64 root, one line each. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** Reads a note text; extension lines are allowed and left out. @throws FixityError `invalid-input`. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  const [origin, decimal, base64, ...extensions] = lines.slice(0, -1);
  const size = parseCount(decimal ?? '');
  const root = decodeBase64(base64 ?? '');
  const complete = text.endsWith('\n') && extensions.every((line) => line !== '');
  if (!complete || !origin || size === undefined || root?.length !== hashSize) {
    throw new FixityError('invalid-input', 'this is not a checkpoint', {
      next: ['give the signed note that a log serves under /checkpoint: origin, size and root, one line each'],
    });
  }
  return { origin, size, root };
}

export function signCheckpoint(checkpoint: Checkpoint, key: SigningKey): string {
  return signNote(formatCheckpoint(checkpoint), [key]);
}

/**
 * Reads a signed checkpoint that one of the keys signed for this origin.
 * @throws FixityError `invalid-input` when it is none; `tampered` when the signature or the origin is another.
 */
export function openCheckpoint(note: string, origin: string, verifiers: readonly Verifier[]): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(note, verifiers).text);
  if (checkpoint.origin === origin) return checkpoint;
  throw new FixityError('tampered', `the checkpoint is one of ${checkpoint.origin}, not of ${origin}`);
}

/** ASCII decimal without leading zeroes, up to the largest safe integer; undefined for anything else. */
export function parseCount(text: string): number | undefined {
  const count = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(count) ? count : undefined;
}
