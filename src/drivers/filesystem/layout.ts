import { join } from 'node:path';
import { type Digest, hexOf, isDigest } from '#kernel';

/** Where things and unfinished files are: `sha256/ab/<64 hex>` and, on the same file system, `uploads/<name>`. */
export class Layout {
  readonly folder: string;
  readonly things: string;
  readonly unfinished: string;

  constructor(folder: string) {
    this.folder = folder;
    this.things = join(folder, 'sha256');
    this.unfinished = join(folder, 'uploads');
  }

  fanOut(digest: Digest): string {
    return join(this.things, hexOf(digest).slice(0, 2));
  }

  thing(digest: Digest): string {
    return join(this.fanOut(digest), hexOf(digest));
  }

  /** The file of a `put` in flight; never continued, so it is dropped at every start. */
  temporary(id: string): string {
    return join(this.unfinished, `put-${id}`);
  }

  /** The file of a resumable upload. */
  upload(id: string): string {
    return join(this.unfinished, `upload-${id}`);
  }
}

export const isFanOut = (name: string): boolean => /^[0-9a-f]{2}$/.test(name);

export function digestOfName(fanOut: string, name: string): Digest | undefined {
  const digest = `sha256:${name}`;
  return name.startsWith(fanOut) && isDigest(digest) ? digest : undefined;
}

export const isTemporary = (name: string): boolean => name.startsWith('put-');
export const isUpload = (name: string): boolean => name.startsWith('upload-');

/** Upload ids are UUIDs that this driver made; anything else never becomes part of a path. */
export const isUploadId = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
