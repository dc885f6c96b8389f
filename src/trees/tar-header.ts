import type { TreeEntry } from './entry.ts';
import { refusedEntry } from './rules.ts';

export const blockSize = 512;

/** The largest numbers that the octal fields of a ustar header hold. */
const maximumOwner = 0o7777777;
const maximumSize = 0o77777777777;

/**
 * The header blocks of an entry, ustar (POSIX.1-2017, pax, "ustar Interchange Format"), with a pax extended header before
 * it only when the ustar fields cannot hold the entry. No times, no names of owners: the same entry is the same bytes.
 *
 * Written here because `tar-stream` turns names into UTF-8 strings, which loses names that are not.
 */
export function encodeHeader(entry: TreeEntry): Buffer {
  const name = entry.type === 'folder' ? Buffer.concat([entry.path, Buffer.from('/')]) : Buffer.from(entry.path);
  const target = entry.type === 'link' ? Buffer.from(entry.target) : Buffer.alloc(0);
  const size = entry.type === 'file' ? entry.size : 0;
  const split = splitName(name);
  const records: [string | Buffer, Buffer][] = [];
  if (!split) records.push(['path', name]);
  if (target.length > 100) records.push(['linkpath', target]);
  if (records.some(([, value]) => !isUtf8(value))) records.unshift(['hdrcharset', Buffer.from('BINARY')]);
  for (const [key, value] of [
    ['uid', entry.uid],
    ['gid', entry.gid],
  ] as const) {
    if (value > maximumOwner) records.push([key, Buffer.from(String(value))]);
  }
  if (size > maximumSize) records.push(['size', Buffer.from(String(size))]);
  for (const xattr of entry.xattrs) records.push([xattrKey(xattr.name), Buffer.from(xattr.value)]);
  const { prefix, rest } = split ?? { prefix: Buffer.alloc(0), rest: name.subarray(0, 100) };
  const own = block({
    prefix,
    name: rest,
    target: target.subarray(0, 100),
    type: { file: '0', folder: '5', link: '2' }[entry.type],
    mode: entry.mode,
    uid: entry.uid > maximumOwner ? 0 : entry.uid,
    gid: entry.gid > maximumOwner ? 0 : entry.gid,
    size: size > maximumSize ? 0 : size,
  });
  if (records.length === 0) return own;
  const body = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  if (body.length > maximumPax) throw refusedEntry(entry.path, 'its extended attributes do not fit into an archive');
  const fields = { prefix: Buffer.alloc(0), target: Buffer.alloc(0), mode: 0o644, uid: 0, gid: 0 };
  const pax = block({ ...fields, name: Buffer.from('PaxHeader'), type: 'x', size: body.length });
  return Buffer.concat([pax, body, padding(body.length), own]);
}

/** The largest pax header that is written or read, in bytes. */
export const maximumPax = 32 * 1024 * 1024;

/** The zero bytes that fill the last block of content. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

interface Fields {
  readonly prefix: Buffer;
  readonly name: Buffer;
  readonly target: Buffer;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

function block(fields: Fields): Buffer {
  const bytes = Buffer.alloc(blockSize);
  const octal = (value: number, at: number, width: number): void => {
    bytes.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  };
  bytes.set(fields.name, 0);
  octal(fields.mode, 100, 8);
  octal(fields.uid, 108, 8);
  octal(fields.gid, 116, 8);
  octal(fields.size, 124, 12);
  octal(0, 136, 12);
  bytes.write(fields.type, 156, 'latin1');
  bytes.set(fields.target, 157);
  bytes.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 8);
  octal(0, 337, 8);
  bytes.set(fields.prefix, 345);
  bytes.write(`${checksum(bytes).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

/** The sum of the bytes of a header, its own field counted as spaces. */
export function checksum(bytes: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < blockSize; at += 1) if (at < 148 || at > 155) sum += bytes[at] ?? 0;
  return sum;
}

/** ustar keeps names of up to 256 bytes in two fields, cut at a slash; undefined when this name cannot be cut so. */
function splitName(name: Buffer): { prefix: Buffer; rest: Buffer } | undefined {
  if (name.length <= 100) return { prefix: Buffer.alloc(0), rest: name };
  const cut = name.indexOf('/', name.length - 101);
  if (cut === -1 || cut > 155 || cut === 0 || cut === name.length - 1) return undefined;
  return { prefix: name.subarray(0, cut), rest: name.subarray(cut + 1) };
}

/** The length counts the whole record, its own digits included. */
function paxRecord(key: string | Buffer, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(' '), Buffer.from(key), Buffer.from('='), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** As GNU tar writes them: `=` would end the key, so it and `%` are escaped. */
function xattrKey(name: Uint8Array): Buffer {
  const escaped = Buffer.from(name).toString('latin1').replaceAll('%', '%25').replaceAll('=', '%3D');
  return Buffer.from(`SCHILY.xattr.${escaped}`, 'latin1');
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes);
}
