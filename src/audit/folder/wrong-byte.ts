/** Beyond this many bytes trying every value of every byte takes too long. */
const searchedAtMost = 4_096;

/** A byte that is not what it was; `at` counts from 0. */
export interface WrongByte {
  readonly at: number;
  readonly is: number | undefined;
  readonly was: number | undefined;
}

/** The first byte in which two byte strings differ; undefined when they are the same. */
export function firstDifference(is: Uint8Array, was: Uint8Array): WrongByte | undefined {
  const end = Math.max(is.length, was.length);
  for (let at = 0; at < end; at += 1) if (is[at] !== was[at]) return { at, is: is[at], was: was[at] };
  return undefined;
}

/**
 * Where only a hash of the right bytes is known: the one byte that has to be changed for the hash to hold. Undefined when
 * more than one byte is wrong, or the bytes are too many to try.
 */
export function findWrongByte(bytes: Uint8Array, holds: (bytes: Uint8Array) => boolean): WrongByte | undefined {
  if (bytes.length > searchedAtMost) return undefined;
  const tried = Uint8Array.from(bytes);
  for (const [at, is] of bytes.entries()) {
    for (let was = 0; was < 256; was += 1) {
      tried[at] = was;
      if (was !== is && holds(tried)) return { at, is, was };
    }
    tried[at] = is;
  }
  return undefined;
}

/** `, byte 214 is 0x35, was 0x34`; nothing when it is not known. */
export function describeWrongByte(wrong: WrongByte | undefined): string {
  if (wrong === undefined) return '';
  if (wrong.is === undefined) return `, byte ${wrong.at} and what followed is gone`;
  if (wrong.was === undefined) return `, byte ${wrong.at} and what follows was not there`;
  return `, byte ${wrong.at} is ${hex(wrong.is)}, was ${hex(wrong.was)}`;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
