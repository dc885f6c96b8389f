import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  lchownSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { type Digest, FixityError } from '#kernel';
import { pathIn } from './disk.ts';
import { comparePaths, showPath, type TreeEntry, type Xattr } from './entry.ts';
import { entryProblem, overLimit, refusedEntry, type TreeLimits } from './rules.ts';
import type { TarMember } from './tar-reader.ts';
import { type Owner, runUser } from './verify.ts';

export interface Attributes {
  readonly owner?: Owner;
  readonly writeXattrs?: (path: Uint8Array, xattrs: readonly Xattr[]) => void;
}

const slash = 0x2f;
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes members of an archive into an empty folder that nobody else writes to. Every parent is a folder this writer made,
 * so that no name can lead out of the folder: not by `..`, not by a leading slash, not through a link written before.
 */
export class TreeWriter {
  readonly #folder: string;
  readonly #limits: TreeLimits;
  readonly #written = new Map<string, TreeEntry>();
  #bytes = 0;

  constructor(folder: string, limits: TreeLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** What was written so far, in order of path. */
  entries(): TreeEntry[] {
    return [...this.#written.values()].sort(comparePaths);
  }

  async write(member: TarMember): Promise<void> {
    const path = cleaned(member.name);
    if (path === undefined) return;
    const { mode, uid, gid, xattrs } = member;
    const common = { path, mode, uid, gid, xattrs };
    if (member.type === 'folder') return this.#makeFolder({ type: 'folder', ...common });
    if (member.type === 'hard-link') return this.#copy(path, member.target);
    if (member.type === 'link') return this.#link({ type: 'link', ...common, target: member.target });
    const place = this.#room({ type: 'file', ...common, size: member.size, digest: `sha256:${'0'.repeat(64)}` });
    const digest = await this.#content(place, member);
    this.#written.set(key(path), { type: 'file', ...common, size: member.size, digest });
  }

  #makeFolder(entry: TreeEntry): void {
    const known = this.#written.get(key(entry.path));
    if (known?.type !== 'folder') mkdirSync(this.#room(entry), { mode: 0o700 });
    this.#written.set(key(entry.path), entry);
  }

  #link(entry: TreeEntry & { type: 'link' }): void {
    symlinkSync(Buffer.from(entry.target), this.#room(entry));
    this.#written.set(key(entry.path), entry);
  }

  /** A hard link becomes a file of its own: instances share no bytes. */
  #copy(path: Buffer, name: Buffer): void {
    const original = this.#written.get(key(cleaned(name) ?? Buffer.alloc(0)));
    if (original?.type !== 'file') throw refusedEntry(path, 'it is a hard link to what is not an earlier file');
    const entry = { ...original, path };
    const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
    copyFileSync(pathIn(this.#folder, original.path), this.#room(entry), flags);
    this.#written.set(key(path), entry);
  }

  async #content(place: Buffer, member: TarMember): Promise<Digest> {
    const hash = createHash('sha256');
    const file = openSync(place, createFlags, 0o600);
    try {
      for await (const piece of member.content) {
        hash.update(piece);
        for (let done = 0; done < piece.length; ) done += writeSync(file, piece, done);
      }
    } finally {
      closeSync(file);
    }
    return `sha256:${hash.digest('hex')}`;
  }

  /** Checks that the entry may be written and says where. */
  #room(entry: TreeEntry): Buffer {
    const problem = entryProblem(entry);
    if (problem !== undefined) throw refusedEntry(entry.path, problem);
    if (this.#written.has(key(entry.path))) throw refusedEntry(entry.path, 'the archive holds it twice');
    this.#parents(Buffer.from(entry.path));
    if (this.#written.size >= this.#limits.entries) throw overLimit('entries', this.#limits);
    this.#bytes += entry.type === 'file' ? entry.size : 0;
    if (this.#bytes > this.#limits.bytes) throw overLimit('bytes', this.#limits);
    return pathIn(this.#folder, entry.path);
  }

  /** Makes folders that the archive implies without listing them. */
  #parents(path: Buffer): void {
    const cut = path.lastIndexOf(slash);
    if (cut === -1) return;
    const parent = path.subarray(0, cut);
    const known = this.#written.get(key(parent));
    if (known?.type === 'folder') return;
    if (known !== undefined) throw refusedEntry(path, `"${showPath(parent).slice(0, 300)}" is not a folder`);
    this.#makeFolder({ type: 'folder', path: Buffer.from(parent), mode: 0o755, uid: 0, gid: 0, xattrs: [] });
  }

  /** Children before their folders, so that a folder without write permission can still be filled. */
  applyAttributes(entries: readonly TreeEntry[], attributes: Attributes): void {
    const me = runUser();
    for (const entry of entries.toReversed()) {
      const place = pathIn(this.#folder, entry.path);
      const owner = entry.uid === 0 && entry.gid === 0 ? (attributes.owner ?? me) : entry;
      if (entry.xattrs.length > 0 && !attributes.writeXattrs) throw cannotSet(entry, 'extended attributes');
      if (me.uid !== 0 && (owner.uid !== me.uid || owner.gid !== me.gid)) {
        throw cannotSet(entry, `owner ${owner.uid}:${owner.gid}`);
      }
      // Also to ourselves: in a folder with the setgid bit new files belong to the group of the folder.
      if (entry.type === 'link') lchownSync(place, owner.uid, owner.gid);
      else chownSync(place, owner.uid, owner.gid);
      if (entry.type === 'link') continue;
      attributes.writeXattrs?.(place, entry.xattrs);
      chmodSync(place, entry.mode);
    }
    const owner = attributes.owner ?? me;
    if (me.uid === 0) chownSync(this.#folder, owner.uid, owner.gid);
    chmodSync(this.#folder, 0o755);
  }
}

/** Without a leading `./` and a trailing slash, as archives of a whole folder write names; undefined for the root. */
function cleaned(name: Buffer): Buffer | undefined {
  const text = name
    .toString('latin1')
    .replace(/^(?:\.\/+)+/, '')
    .replace(/\/+$/, name[0] === slash ? '/' : '');
  return text === '' || text === '.' ? undefined : Buffer.from(text, 'latin1');
}

function key(path: Uint8Array): string {
  return Buffer.from(path).toString('latin1');
}

function cannotSet(entry: TreeEntry, what: string): FixityError {
  return new FixityError('unsupported', `"${showPath(entry.path)}" has ${what}, which cannot be set here`, {
    facts: ['only root can give files to others; extended attributes need a port that sets them'],
    next: ['run the node agent as root, or freeze the folder without --preserve'],
  });
}
