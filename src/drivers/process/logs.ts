import { open } from 'node:fs/promises';
import { FixityError } from '#kernel';
import type { LogPart, LogRequest } from '#node-agent';

const mostBytes = 16 * 1024 * 1024;

/** Reads a part of a log, or its tail. @throws FixityError `not-found` without a log, `range-invalid` beyond bounds. */
export async function readLog(path: string, id: string, request: LogRequest): Promise<LogPart> {
  const { from, bytes } = request;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > mostBytes) {
    throw new FixityError('range-invalid', `${bytes} bytes of a log cannot be read at once`, {
      next: [`ask for at most ${mostBytes} bytes, then go on from where they end`],
    });
  }
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new FixityError('not-found', `there is no ${request.stream} of an instance ${id} on this node`, { cause });
  });
  try {
    const { size } = await file.stat();
    const start = from ?? Math.max(0, size - bytes);
    if (!Number.isSafeInteger(start) || start < 0 || start > size) {
      throw new FixityError('range-invalid', `the ${request.stream} of ${id} has ${size} bytes, none at ${start}`, {
        members: { size },
      });
    }
    const buffer = Buffer.alloc(Math.min(bytes, size - start));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { bytes: buffer.subarray(0, filled), from: start, size };
  } finally {
    await file.close();
  }
}
