import { FixityError } from '#kernel';
import type { Xattr } from './entry.ts';
import { checksum } from './tar-header.ts';

/** The fields of one header block. */
export interface TarHeader {
  /** The kind of member, one character; see POSIX.1-2017, pax, "typeflag". */
  readonly flag: string;
  readonly name: Buffer;
  readonly target: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly xattrs: readonly Xattr[];
}

/** @throws FixityError `invalid-input` when the block is not a header. */
export function decodeHeader(block: Buffer): TarHeader {
  if (number(block, 148, 8) !== checksum(block)) throw notAnArchive('a header does not match its checksum');
  const ustar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = ustar ? text(block, 345, 155) : Buffer.alloc(0);
  const name = text(block, 0, 100);
  return {
    flag: block.toString('latin1', 156, 157),
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    target: text(block, 157, 100),
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    xattrs: [],
  };
}

/** A copy of the bytes up to the first zero byte. */
function text(block: Buffer, at: number, width: number): Buffer {
  const field = block.subarray(at, at + width);
  const zero = field.indexOf(0);
  return Buffer.from(zero === -1 ? field : field.subarray(0, zero));
}

/** Octal digits, or base 256 when the first bit is set, as GNU tar writes what octal cannot hold. */
function number(block: Buffer, at: number, width: number): number {
  const field = block.subarray(at, at + width);
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    const value = BigInt(`0x${field.toString('hex')}`) & ((1n << BigInt(width * 8 - 1)) - 1n);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw notAnArchive('a number in a header is out of range');
    return Number(value);
  }
  const digits = field
    .toString('latin1')
    .replace(/^ +/, '')
    .replace(/[ \0][^]*$/, '');
  if (!/^[0-7]*$/.test(digits)) throw notAnArchive('a number in a header is not octal');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

export function notAnArchive(problem: string): FixityError {
  return new FixityError('invalid-input', `This is not a tar archive: ${problem}`, {
    next: ['give a .tar or .tar.gz made by tar, or a folder'],
  });
}
