import { createHash } from 'node:crypto';
import { asFixityError, type Digest, digestFromBytes, digestOf, shortDigest } from '#kernel';
import { type Descriptor, type Manifest, maximumManifest, parseManifest } from '#oci';
import type { Findings } from './findings.ts';
import type { ThingsInspection } from './ports.ts';
import type { Need } from './references.ts';
import { describeWrongByte, findWrongByte } from './wrong-byte.ts';

/** How many files are read at once. */
const parallel = 4;

/** Image-spec 1.1, layer.md: non-distributable layers live elsewhere and need not be here. */
const foreign = /^application\/vnd\.(docker\.image\.rootfs\.foreign|oci\.image\.layer\.nondistributable)\./;

/** Hashes every thing there is; answers whether each is what its name says. */
export async function hashThings(
  things: ThingsInspection,
  findings: Findings,
  progress: (count: number) => void,
): Promise<ReadonlyMap<Digest, boolean>> {
  const states = new Map<Digest, boolean>();
  const names = things.list();
  const work = async (): Promise<void> => {
    for await (const digest of shared(names)) {
      const problem = await problemOf(things, digest);
      states.set(digest, problem === undefined);
      if (problem !== undefined) findings.add(`${things.where(digest)}: ${problem}`);
      if (states.size % 1_000 === 0) progress(states.size);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return states;
}

/** Lets several loops take from one listing; none of them ends it for the others. */
function shared(names: AsyncIterable<Digest>): AsyncIterable<Digest> {
  const iterator = names[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}

async function problemOf(things: ThingsInspection, digest: Digest): Promise<string | undefined> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of await things.open(digest)) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
  } catch (error) {
    return `cannot be read: ${asFixityError(error).facts[1] ?? asFixityError(error).message}`;
  }
  const found = digestFromBytes(hash.digest());
  if (found === digest) return undefined;
  const whole = size <= maximumManifest ? await read(things, digest) : undefined;
  const wrong = whole && findWrongByte(whole, (bytes) => digestOf(bytes) === digest);
  return `its ${size} bytes are ${shortDigest(found)}, not what its name says${describeWrongByte(wrong)}`;
}

/**
 * Follows what entries name, manifest by manifest, and tells what is missing on the way.
 * @param states the things that are here, and whether each is whole.
 */
export async function checkReachable(
  things: ThingsInspection,
  states: ReadonlyMap<Digest, boolean>,
  needs: ReadonlyMap<Digest, Need>,
  findings: Findings,
): Promise<void> {
  const queue = [...needs];
  const seen = new Set(needs.keys());
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [digest, need] = next;
    const whole = states.get(digest);
    if (whole === undefined) findings.add(`${things.where(digest)}: missing, ${need.by} needs it`);
    // What a damaged manifest names is not known.
    if (whole !== true) continue;
    const manifest = await manifestOf(things, digest, need);
    if (manifest === undefined) continue;
    for (const [part, mediaType] of partsOf(manifest)) {
      if (seen.has(part)) continue;
      seen.add(part);
      queue.push([part, { by: `${shortDigest(digest)} of ${need.by}`, mediaType }]);
    }
  }
}

/** Blobs come without a media type, so that they are not looked into. */
function partsOf({ config, layers, manifests }: Manifest): [Digest, string | undefined][] {
  const blobs: readonly Descriptor[] = [...(config === undefined ? [] : [config]), ...layers];
  return [
    ...blobs
      .filter(({ mediaType }) => !foreign.test(mediaType))
      .map(({ digest }): [Digest, undefined] => [digest, undefined]),
    ...manifests.map(({ digest, mediaType }): [Digest, string] => [digest, mediaType]),
  ];
}

async function manifestOf(things: ThingsInspection, digest: Digest, need: Need): Promise<Manifest | undefined> {
  if (need.mediaType === undefined) return undefined;
  const bytes = await read(things, digest);
  try {
    return bytes && parseManifest(bytes, need.mediaType);
  } catch {
    // An index may name what is not a manifest; it was frozen as what it is.
    return undefined;
  }
}

async function read(things: ThingsInspection, digest: Digest): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of await things.open(digest)) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > maximumManifest) return undefined;
  }
  return Buffer.concat(chunks);
}
