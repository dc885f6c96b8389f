import { type RevisionDocument, revisionDocument } from '#contract';
import type { Digest, Json } from '#kernel';
import { artifactTypes, type Descriptor, mediaTypes, revisionIndex } from '#oci';
import { readCollection, readRelease, storeCollection } from '#releases';
import type { Store } from '#store';
import { normalRevision, releasesIn } from './documents.ts';

/** A manifest as the registry records it. */
export interface FrozenManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType?: string;
  /** Bytes of the manifest itself. */
  readonly size: number;
}

/** A revision in the store: its index, and every manifest the index lists. */
export interface FrozenRevision extends FrozenManifest {
  readonly members: readonly FrozenManifest[];
  /** How many services it holds. */
  readonly services: number;
}

/**
 * Freezes a revision: its document leads a flat index of everything its releases list. The same content, in whatever
 * order of keys and services, is the same revision.
 * @throws FixityError `not-found` when a release is not in the store.
 */
export async function freezeRevision(store: Store, document: RevisionDocument): Promise<FrozenRevision> {
  const normal = normalRevision(revisionDocument.parse(document));
  const releases: (readonly Descriptor[])[] = [];
  for (const digest of releasesIn(normal)) releases.push((await readRelease(store, digest)).members);
  const collection = revisionIndex({ document: normal as unknown as Json, releases });
  await storeCollection(store, collection);
  return frozenRevision(store, collection.index.descriptor.digest);
}

/** A frozen revision as {@link freezeRevision} answered. @throws FixityError `not-found`, `invalid-input`. */
export async function frozenRevision(store: Store, digest: Digest): Promise<FrozenRevision> {
  const { size, document, members } = await readCollection(store, digest, artifactTypes.environment);
  return {
    digest,
    size,
    mediaType: mediaTypes.imageIndex,
    artifactType: artifactTypes.environment,
    members: members.map(named),
    services: revisionDocument.parse(document).services.length,
  };
}

/** The document of a revision. @throws FixityError `not-found` when it is not in the store, `invalid-input` if no revision. */
export async function readRevisionDocument(store: Store, digest: Digest): Promise<RevisionDocument> {
  return revisionDocument.parse((await readCollection(store, digest, artifactTypes.environment)).document);
}

function named({ digest, mediaType, artifactType, size }: Descriptor): FrozenManifest {
  return { digest, mediaType, size, ...(artifactType === undefined ? {} : { artifactType }) };
}
