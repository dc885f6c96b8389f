import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';

/**
 * The calls by which the store uses the disk, one function each, so that a test can make any of them fail as the kernel
 * would (`ENOSPC`, `EIO`, a short write).
 */
export interface FileSystem {
  open: (path: string, flags: string, mode?: number) => Promise<FileHandle>;
  /** Writes at a position and answers how much was written, which may be less. */
  write: (file: FileHandle, bytes: Uint8Array, position: number) => Promise<number>;
  /** Fills the bytes from a position and answers how much was read; 0 at the end. */
  read: (file: FileHandle, bytes: Uint8Array, position: number) => Promise<number>;
  sync: (file: FileHandle) => Promise<void>;
  truncate: (file: FileHandle, size: number) => Promise<void>;
  chmod: (file: FileHandle, mode: number) => Promise<void>;
  rename: (from: string, to: string) => Promise<void>;
  unlink: (path: string) => Promise<void>;
  /** Makes the folder; answers whether it was missing. */
  makeFolder: (path: string) => Promise<boolean>;
  /** Makes names created, renamed or removed in the folder durable. */
  syncFolder: (path: string) => Promise<void>;
  names: (folder: string) => Promise<string[]>;
  /** Size in bytes and time of the last change in milliseconds; fails with ENOENT when there is no such file. */
  stat: (path: string) => Promise<{ readonly size: number; readonly modified: number }>;
}

export const realFileSystem: FileSystem = {
  open: (path, flags, mode) => open(path, flags, mode),
  write: async (file, bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
  read: async (file, bytes, position) => (await file.read(bytes, 0, bytes.length, position)).bytesRead,
  sync: (file) => file.sync(),
  truncate: (file, size) => file.truncate(size),
  chmod: (file, mode) => file.chmod(mode),
  rename: (from, to) => rename(from, to),
  unlink: (path) => unlink(path),
  makeFolder: async (path) => (await mkdir(path, { recursive: true })) !== undefined,
  syncFolder: async (path) => {
    await using folder = await open(path, 'r');
    await folder.sync();
  },
  names: (folder) => readdir(folder),
  stat: async (path) => {
    const { size, mtimeMs } = await stat(path);
    return { size, modified: mtimeMs };
  },
};
