import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FileSystem } from './file-system.ts';

const readSize = 512 * 1024;

/** The bytes of an open file from `start` up to, not including, `stop`, in fresh buffers. */
export async function* readPieces(
  disk: FileSystem,
  file: FileHandle,
  start: number,
  stop: number,
): AsyncGenerator<Buffer> {
  for (let at = start; at < stop; ) {
    const buffer = Buffer.allocUnsafe(Math.min(readSize, stop - at));
    const read = await disk.read(file, buffer, at);
    if (read === 0) return;
    at += read;
    yield buffer.subarray(0, read);
  }
}

/** The same as a stream that closes the file when it ends or is destroyed, also before it was ever read. */
export function readStream(disk: FileSystem, file: FileHandle, start: number, stop: number): Readable {
  let at = start;
  const next = async (stream: Readable): Promise<void> => {
    try {
      const buffer = Buffer.allocUnsafe(Math.min(readSize, stop - at));
      const read = buffer.length === 0 ? 0 : await disk.read(file, buffer, at);
      at += read;
      stream.push(read === 0 ? null : buffer.subarray(0, read));
    } catch (error) {
      stream.destroy(error as Error);
    }
  };
  return new Readable({
    highWaterMark: readSize,
    read() {
      void next(this);
    },
    destroy(error, done) {
      void closeAfter(file, error, done);
    },
  });
}

/** The error of the stream, if there is one, goes before one of closing. */
async function closeAfter(file: FileHandle, error: Error | null, done: (error: Error | null) => void): Promise<void> {
  const closing = await file.close().then(
    () => null,
    (failure: Error) => failure,
  );
  done(error ?? closing);
}
