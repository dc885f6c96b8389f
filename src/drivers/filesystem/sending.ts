import type { FileHandle } from 'node:fs/promises';
import { finished, type Writable } from 'node:stream';
import type { FileSystem } from './file-system.ts';

const pieceSize = 512 * 1024;

/**
 * Writes the bytes of an open file from `start` up to, not including, `stop`, to the sink and answers how many there
 * were. Two buffers are all it takes: while one is on its way, the other is filled.
 */
export async function sendPieces(
  disk: FileSystem,
  file: FileHandle,
  { start, stop }: { readonly start: number; readonly stop: number },
  sink: Writable,
): Promise<number> {
  const size = Math.min(pieceSize, stop - start);
  let filling = Buffer.allocUnsafe(size);
  let leaving = Buffer.allocUnsafe(stop - start > size ? size : 0);
  const { promise: gone, reject } = Promise.withResolvers<never>();
  // It is met where a write is awaited; when none is any more, it tells nothing.
  gone.catch(() => undefined);
  const forget = finished(sink, { readable: false }, (error) => reject(error ?? new Error('the sink has ended')));
  let written: Promise<void> = Promise.resolve();
  let at = start;
  try {
    while (at < stop) {
      const read = await disk.read(file, filling.subarray(0, Math.min(size, stop - at)), at);
      await Promise.race([written, gone]);
      if (read === 0) break;
      written = write(sink, filling.subarray(0, read));
      written.catch(() => undefined);
      at += read;
      [filling, leaving] = [leaving, filling];
    }
    await Promise.race([written, gone]);
  } finally {
    forget();
  }
  return at - start;
}

/** Resolves when the sink is done with the bytes. */
function write(sink: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}
