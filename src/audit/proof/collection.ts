import { type Digest, FixityError, isDigest } from '#kernel';
import { maximumManifest, mediaTypes, parseManifest } from '#oci';

/** Bytes of the largest document that leads a release or a revision. */
export const maximumDocument = 16 * 1024 * 1024;

/** Gives the bytes of a thing, whose digest is checked by whoever gives them. */
export type ReadThing = (digest: Digest, maximum: number) => Uint8Array | Promise<Uint8Array>;

/**
 * Reads the document of a release or revision by way of its index and the manifest that leads it: three things, each
 * named by the digest in the one before. @throws FixityError `invalid-input`, and what `read` throws.
 */
export async function readLeadingDocument(read: ReadThing, digest: Digest, artifactType: string): Promise<unknown> {
  const index = parseManifest(await read(digest, maximumManifest), mediaTypes.imageIndex);
  const leader = index.manifests[0]?.digest;
  if (index.artifactType !== artifactType || leader === undefined) throw notA(digest, artifactType);
  const manifest = parseManifest(await read(leader, maximumManifest), mediaTypes.imageManifest);
  const document = manifest.layers[0]?.digest;
  if (manifest.artifactType !== artifactType || document === undefined || !isDigest(document)) {
    throw notA(digest, artifactType);
  }
  return JSON.parse(Buffer.from(await read(document, maximumDocument)).toString('utf8')) as unknown;
}

function notA(digest: Digest, artifactType: string): FixityError {
  return new FixityError('invalid-input', `${digest} is not of type ${artifactType}`);
}
