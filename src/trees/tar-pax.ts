import { FixityError } from '#kernel';
import type { Xattr } from './entry.ts';
import { isKept } from './rules.ts';
import { notAnArchive, type TarHeader } from './tar-decode.ts';

/** The records of a pax extended header (POSIX.1-2017, pax, "pax Extended Header"); values are raw bytes. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

const xattrPrefix = 'SCHILY.xattr.';

/** Keys are read as latin1, so that names of extended attributes keep their bytes. */
export function parsePax(bytes: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 ? '' : bytes.toString('latin1', at, space);
    const end = at + (/^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0);
    const equals = bytes.indexOf(0x3d, space);
    const whole =
      space !== -1 && end > space && end <= bytes.length && bytes[end - 1] === 0x0a && equals > space && equals < end;
    if (!whole) throw notAnArchive('a pax header is malformed');
    const key = bytes.toString('latin1', space + 1, equals);
    if (key.startsWith('GNU.sparse.')) {
      throw new FixityError('unsupported', 'The archive holds a sparse file', { next: ['make it without --sparse'] });
    }
    records.set(key, Buffer.from(bytes.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}

/** The header with what the records say instead. An empty value takes a record back. */
export function applyPax(header: TarHeader, records: PaxRecords | undefined): TarHeader {
  if (records === undefined) return header;
  const given = (key: string): Buffer | undefined => {
    const value = records.get(key);
    return value !== undefined && value.length > 0 ? value : undefined;
  };
  return {
    ...header,
    name: given('path') ?? header.name,
    target: given('linkpath') ?? header.target,
    uid: decimal(given('uid')) ?? header.uid,
    gid: decimal(given('gid')) ?? header.gid,
    size: decimal(given('size')) ?? header.size,
    xattrs: xattrsOf(records),
  };
}

function decimal(value: Buffer | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,16}$/.test(value.toString('latin1')) ? Number(value.toString('latin1')) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw notAnArchive('a number in a pax header is out of range');
  return number;
}

/** Those that are part of a tree, in order of name. */
function xattrsOf(records: PaxRecords): Xattr[] {
  const xattrs: Xattr[] = [];
  for (const [key, value] of records) {
    if (!key.startsWith(xattrPrefix)) continue;
    const unescaped = key.slice(xattrPrefix.length).replaceAll('%3D', '=').replaceAll('%25', '%');
    const name = Buffer.from(unescaped, 'latin1');
    if (isKept(name)) xattrs.push({ name, value });
  }
  return xattrs.sort((a, b) => Buffer.compare(a.name, b.name));
}
