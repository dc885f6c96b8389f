import type { IncomingMessage } from 'node:http';
import { FixityError } from '#kernel';

/** The whole body in memory. @throws FixityError `too-large` as soon as it is known to pass the bound. */
export async function readBody(request: IncomingMessage, maximum: number, what: string): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > maximum) throw tooLarge(what, maximum);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maximum) throw tooLarge(what, maximum);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(what: string, maximum: number): FixityError {
  return new FixityError('too-large', `${what} holds at most ${maximum} bytes`, {
    next: ['move what is large into a blob and refer to it by digest'],
  });
}
