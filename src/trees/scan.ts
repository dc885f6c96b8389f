import { createHash, hash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type Digest, digestOf, FixityError } from '#kernel';
import { changedWhileRead, pathIn, readFailure, readFlags } from './disk.ts';
import { comparePaths, showPath, type TreeEntry, type Xattr } from './entry.ts';
import { encodeTree } from './listing.ts';
import { defaultLimits, isKept, overLimit, type TreeLimits } from './rules.ts';

export interface ScanOptions {
  /** Keep owners and modes as they are; else owners become 0:0, modes 0755 or 0644. */
  readonly preserve?: boolean;
  readonly limits?: TreeLimits;
  /**
   * Reads the extended attributes of a file or folder at its raw path on this machine. Node has no call for it: without
   * this port the tree is listed without extended attributes.
   */
  readonly readXattrs?: (path: Uint8Array) => readonly Xattr[];
  /** Takes what cannot be an entry (a socket, a file being written) instead of failing at the first. */
  readonly onUnreadable?: (path: Uint8Array, error: FixityError) => void;
}

export interface ScannedTree {
  /** In order of path. */
  readonly entries: TreeEntry[];
  /** The identity of the tree: the digest of `bytes`. */
  readonly digest: Digest;
  /** The canonical listing, see `encodeTree`. */
  readonly bytes: Uint8Array;
}

const bufferSize = 1024 * 1024;

/**
 * Lists and hashes everything under a folder. Links are listed, never followed; hard links are listed as files of their own.
 * @throws FixityError `unsupported` for a device, socket or FIFO; `digest-mismatch` for a file that changed while it was
 * read; `too-large`; `storage-failed` for what cannot be read. Each names the path.
 */
export async function scanTree(folder: string, options: ScanOptions = {}): Promise<ScannedTree> {
  const scan = new Scan(folder, options);
  const entries = (await scan.run()).sort(comparePaths);
  const bytes = encodeTree(entries);
  return { entries, digest: digestOf(bytes), bytes };
}

/** Owner 0:0; folders and executable files 0755, other files 0644, links 0777. */
export function normalised<Entry extends TreeEntry>(entry: Entry): Entry {
  const executable = entry.type === 'folder' || (entry.mode & 0o111) !== 0;
  return { ...entry, uid: 0, gid: 0, mode: entry.type === 'link' ? 0o777 : executable ? 0o755 : 0o644 };
}

/**
 * One walk. It uses the synchronous calls, which are several times faster for small files, and gives other work a turn
 * after every few of them.
 */
class Scan {
  readonly #root: string;
  readonly #options: ScanOptions;
  readonly #limits: TreeLimits;
  readonly #buffer = Buffer.allocUnsafe(bufferSize);
  readonly #entries: TreeEntry[] = [];
  #bytes = 0;
  #untilTurn = bufferSize;

  constructor(root: string, options: ScanOptions) {
    this.#root = root;
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
  }

  async run(): Promise<TreeEntry[]> {
    const folders: Uint8Array[] = [new Uint8Array()];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const name of this.#names(folder)) {
        const path = folder.length === 0 ? name : pathIn(folder, name);
        const entry = await this.#visit(path);
        if (entry === undefined) continue;
        if (this.#entries.length >= this.#limits.entries) throw overLimit('entries', this.#limits);
        this.#entries.push(this.#options.preserve ? entry : normalised(entry));
        if (entry.type === 'folder') folders.push(path);
        await this.#turn(8 * 1024);
      }
    }
    return this.#entries;
  }

  #names(folder: Uint8Array): Buffer[] {
    try {
      return readdirSync(folder.length === 0 ? this.#root : this.#place(folder), { encoding: 'buffer' });
    } catch (error) {
      const failure = readFailure(error, folder.length === 0 ? Buffer.from(this.#root) : folder);
      if (folder.length === 0 || !this.#options.onUnreadable) throw failure;
      this.#options.onUnreadable(folder, failure);
      return [];
    }
  }

  async #visit(path: Uint8Array): Promise<TreeEntry | undefined> {
    try {
      return await this.#entry(path);
    } catch (error) {
      const failure = readFailure(error, path);
      if (failure.code === 'too-large' || !this.#options.onUnreadable) throw failure;
      this.#options.onUnreadable(path, failure);
      return undefined;
    }
  }

  async #entry(path: Uint8Array): Promise<TreeEntry> {
    const place = this.#place(path);
    const stat = lstatSync(place, { bigint: true });
    const common = {
      path,
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      xattrs: stat.isSymbolicLink() ? [] : this.#xattrs(place),
    };
    if (stat.isDirectory()) return { type: 'folder', ...common };
    if (stat.isSymbolicLink()) return { type: 'link', ...common, target: readlinkSync(place, { encoding: 'buffer' }) };
    if (stat.isFile()) return { type: 'file', ...common, ...(await this.#content(path, place, stat)) };
    throw new FixityError('unsupported', `"${showPath(path)}" is a device, a socket or a FIFO`, {
      facts: ['a tree holds files, folders and links'],
      next: ['take it out of the folder, or freeze a folder without it'],
    });
  }

  async #content(path: Uint8Array, place: Buffer, listed: BigIntStats): Promise<{ size: number; digest: Digest }> {
    const file = openSync(place, readFlags);
    try {
      const before = fstatSync(file, { bigint: true });
      if (!sameFile(listed, before)) throw changedWhileRead(path);
      const size = Number(before.size);
      this.#bytes += size;
      if (this.#bytes > this.#limits.bytes) throw overLimit('bytes', this.#limits);
      const digest = await this.#hash(file, size);
      if (digest === undefined || !sameFile(before, fstatSync(file, { bigint: true }))) throw changedWhileRead(path);
      return { size, digest };
    } finally {
      closeSync(file);
    }
  }

  /** Undefined when the file has other than `size` bytes. */
  async #hash(file: number, size: number): Promise<Digest | undefined> {
    const first = readSync(file, this.#buffer, 0, bufferSize, null);
    if (first < bufferSize) {
      return first === size ? `sha256:${hash('sha256', this.#buffer.subarray(0, first), 'hex')}` : undefined;
    }
    const running = createHash('sha256').update(this.#buffer);
    for (let done = first; ; ) {
      await this.#turn(bufferSize);
      const read = readSync(file, this.#buffer, 0, bufferSize, null);
      if (read === 0) return done === size ? `sha256:${running.digest('hex')}` : undefined;
      running.update(this.#buffer.subarray(0, read));
      done += read;
      if (done > size) return undefined;
    }
  }

  #xattrs(place: Buffer): Xattr[] {
    const found = this.#options.readXattrs?.(place) ?? [];
    return found.filter(({ name }) => isKept(name)).sort((a, b) => Buffer.compare(a.name, b.name));
  }

  #place(path: Uint8Array): Buffer {
    return pathIn(this.#root, path);
  }

  async #turn(cost: number): Promise<void> {
    this.#untilTurn -= cost;
    if (this.#untilTurn > 0) return;
    this.#untilTurn = bufferSize;
    await setImmediate();
  }
}

function sameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}
