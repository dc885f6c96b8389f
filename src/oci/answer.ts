import { createHash } from 'node:crypto';
import { type Digest, FixityError, shortDigest } from '#kernel';
import { refusalOf } from './refusal.ts';

/** @throws FixityError the refusal of the registry, when the status is another. */
export async function expectStatus(response: Response, statuses: readonly number[], doing: string): Promise<void> {
  if (!statuses.includes(response.status)) throw await refusalOf(response, doing);
}

/** The whole body in memory. @throws FixityError `too-large`. */
export async function bounded(response: Response, maximum: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > maximum) throw new FixityError('too-large', `The registry's answer is larger than ${maximum} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The body as it comes, failing at its end, or as soon as it is too long, when it is not what the digest names. */
export async function* verified(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  digest: Digest,
  size: number,
  failure: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let received = 0;
  try {
    for await (const piece of body) {
      received += piece.length;
      if (received > size)
        throw new FixityError('digest-mismatch', `${shortDigest(digest)} is longer than ${size} bytes`);
      hash.update(piece);
      yield piece;
    }
  } catch (error) {
    throw failure(error);
  }
  const found: Digest = `sha256:${hash.digest('hex')}`;
  if (found !== digest) throw mismatch(digest, found);
}

/** RFC 8288: the target of the link whose relation is `next`. */
export function nextPage(response: Response, here: URL): URL | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
  return target === undefined ? undefined : new URL(target, here);
}

export function mismatch(expected: Digest, found: Digest): FixityError {
  return new FixityError('digest-mismatch', `The registry gave other bytes than ${shortDigest(expected)}`, {
    facts: [`expected ${expected}`, `received ${found}`],
    next: ['try again; if it stays so, run fixity verify on the server'],
  });
}

export function notARegistry(problem: string): FixityError {
  return new FixityError('unreachable', `The registry does not speak the OCI protocol: ${problem}`, {
    next: ['check the address'],
  });
}
