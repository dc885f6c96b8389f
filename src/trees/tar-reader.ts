import { FixityError } from '#kernel';
import { ByteReader, cutOff } from './byte-reader.ts';
import { showPath, type Xattr } from './entry.ts';
import { maximumPath } from './rules.ts';
import { decodeHeader, type TarHeader } from './tar-decode.ts';
import { blockSize, maximumPax } from './tar-header.ts';
import { applyPax, type PaxRecords, parsePax } from './tar-pax.ts';

/** One member of an archive as it is written there: nothing about its name is to be trusted yet. */
export interface TarMember {
  readonly type: 'file' | 'folder' | 'link' | 'hard-link';
  readonly name: Buffer;
  /** Where a link points, or the name of the earlier member a hard link is another name of. */
  readonly target: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  readonly xattrs: readonly Xattr[];
  /** The content, to be read before the next member is asked for; what is left is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/** Zero bytes after the end that are read and dropped: tar writers fill up their last record. */
const maximumTail = 16 * 1024 * 1024;

/**
 * Reads ustar, pax and GNU archives, names as raw bytes; the stream is read to its end.
 * @throws FixityError `invalid-input` for what is not an archive or cut off; `unsupported` for devices, FIFOs, sparse
 * files and other kinds of member; `too-large` for oversized headers.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const reader = new ByteReader(source);
  try {
    for (;;) {
      const member = await nextHeader(reader);
      if (member === undefined) return await readTail(reader);
      const content = new Content(reader, member.size);
      yield { ...member, content };
      await content.finish();
    }
  } finally {
    await reader.close();
  }
}

/** The next header with what earlier pax and GNU headers say about it. */
async function nextHeader(reader: ByteReader): Promise<Omit<TarMember, 'content'> | undefined> {
  let [pax, longName, longTarget]: [PaxRecords | undefined, Buffer?, Buffer?] = [undefined];
  for (;;) {
    const block = await reader.exactly(blockSize);
    if (block === undefined) throw cutOff();
    if (block.every((byte) => byte === 0)) return undefined;
    const header = decodeHeader(block);
    if (header.flag === 'x' || header.flag === 'g') {
      const records = parsePax(await small(reader, header, maximumPax));
      if (header.flag === 'x') pax = records;
      else refuseGlobal(records);
    } else if (header.flag === 'L') longName = untilZero(await small(reader, header, maximumPath + 1));
    else if (header.flag === 'K') longTarget = untilZero(await small(reader, header, maximumPath + 1));
    else return member(header, pax, longName, longTarget);
  }
}

function member(
  header: TarHeader,
  pax?: PaxRecords,
  longName?: Buffer,
  longTarget?: Buffer,
): Omit<TarMember, 'content'> {
  const full = applyPax({ ...header, name: longName ?? header.name, target: longTarget ?? header.target }, pax);
  const type = memberType(header.flag, full.name);
  if (type !== undefined) return { ...full, type, size: type === 'file' ? full.size : 0 };
  throw new FixityError('unsupported', `"${showPath(full.name).slice(0, 300)}" in the archive cannot be in a tree`, {
    facts: [`its kind is "${showPath(Buffer.from(header.flag, 'latin1'))}"; a tree holds files, folders and links`],
    next: ['make the archive without devices, FIFOs and sparse files'],
  });
}

function memberType(flag: string, name: Buffer): TarMember['type'] | undefined {
  if (flag === '5') return 'folder';
  if (flag === '2') return 'link';
  if (flag === '1') return 'hard-link';
  if (flag !== '0' && flag !== '\0' && flag !== '7') return undefined;
  // Before POSIX a folder was a file whose name ends in a slash.
  return name.at(-1) === 0x2f ? 'folder' : 'file';
}

async function small(reader: ByteReader, header: TarHeader, maximum: number): Promise<Buffer> {
  if (header.size > maximum) {
    throw new FixityError('too-large', `A header in the archive is larger than ${maximum} bytes`);
  }
  const bytes = header.size === 0 ? Buffer.alloc(0) : await reader.exactly(header.size);
  if (bytes === undefined) throw cutOff();
  await reader.skip(fill(header.size));
  return bytes;
}

/** A global header may carry a comment, as `git archive` writes; what would change members is not guessed at. */
function refuseGlobal(records: PaxRecords): void {
  const known = ['path', 'linkpath', 'size', 'uid', 'gid'].find((key) => records.has(key));
  if (known === undefined) return;
  throw new FixityError('unsupported', `The archive sets "${known}" for all its members at once`);
}

function untilZero(bytes: Buffer): Buffer {
  const zero = bytes.indexOf(0);
  return zero === -1 ? bytes : bytes.subarray(0, zero);
}

async function readTail(reader: ByteReader): Promise<void> {
  let read = 0;
  for (let piece = await reader.some(blockSize * 128); piece; piece = await reader.some(blockSize * 128)) {
    read += piece.length;
    if (read > maximumTail || piece.some((byte) => byte !== 0)) {
      throw new FixityError('invalid-input', 'The archive goes on after its end');
    }
  }
}

function fill(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

class Content implements AsyncIterable<Buffer> {
  readonly #reader: ByteReader;
  readonly #size: number;
  #left: number;

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader;
    this.#size = size;
    this.#left = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const piece = await this.#reader.some(this.#left);
      if (piece === undefined) throw cutOff();
      this.#left -= piece.length;
      yield piece;
    }
  }

  async finish(): Promise<void> {
    await this.#reader.skip(this.#left + fill(this.#size));
    this.#left = 0;
  }
}
