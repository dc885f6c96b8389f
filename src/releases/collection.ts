import { type Digest, FixityError, shortDigest } from '#kernel';
import { type Collection, type Descriptor, maximumManifest, mediaTypes, parseManifest } from '#oci';
import type { Store } from '#store';

/** Bytes of the largest document that leads a release or a revision. */
const maximumDocument = 16 * 1024 * 1024;

/** A flat index read back: its document, and the members after the document. */
export interface ReadCollection {
  readonly digest: Digest;
  /** Bytes of the index itself. */
  readonly size: number;
  /** The document as JSON, not yet checked against its schema. */
  readonly document: unknown;
  /** The manifest of the document first. */
  readonly members: readonly Descriptor[];
}

/**
 * Stores an index and its document, what is referred to before what refers to it. The other members are in the store
 * already. Storing the same again changes nothing.
 */
export async function storeCollection(store: Store, { index, document }: Collection): Promise<void> {
  for (const { bytes, descriptor } of [...document.blobs, document.manifest, index]) {
    await store.put(bytes, descriptor.digest);
  }
}

/**
 * Reads a release or revision index and the document that leads it.
 * @throws FixityError `not-found` when it is not in the store; `invalid-input` when it is something else; `tampered`.
 */
export async function readCollection(store: Store, digest: Digest, artifactType: string): Promise<ReadCollection> {
  const bytes = await store.read(digest, maximumManifest);
  const { members, leader } = ofType(bytes, digest, artifactType);
  const manifest = parseManifest(await store.read(leader.digest, maximumManifest), mediaTypes.imageManifest);
  const [layer] = manifest.layers;
  if (manifest.artifactType !== artifactType || layer === undefined) throw notA(digest, artifactType);
  const text = Buffer.from(await store.read(layer.digest, maximumDocument)).toString('utf8');
  return { digest, size: bytes.length, document: JSON.parse(text) as unknown, members };
}

function ofType(bytes: Uint8Array, digest: Digest, artifactType: string) {
  const index = parseManifest(bytes, undefined);
  const [leader] = index.manifests;
  if (index.artifactType !== artifactType || leader === undefined) throw notA(digest, artifactType);
  return { members: index.manifests, leader };
}

function notA(digest: Digest, artifactType: string): FixityError {
  return new FixityError('invalid-input', `${shortDigest(digest)} is not of type ${artifactType}`, {
    facts: [digest],
    next: [`fixity show ${shortDigest(digest)}`],
  });
}
