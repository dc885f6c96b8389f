import { type ReleaseDocument, releaseDocument } from '#contract';
import type { Digest } from '#kernel';
import { artifactTypes, type Descriptor } from '#oci';
import type { Store } from '#store';
import { readCollection } from './collection.ts';

/** The repository that holds a service's releases, one tag `r<number>` each. */
export function releaseRepository(service: string): string {
  return `fixity/releases/${service}`;
}

/** A release read back from the store. */
export interface ReadRelease {
  readonly document: ReleaseDocument;
  /** Everything its index lists: the document's manifest, the configuration, the build for each platform. */
  readonly members: readonly Descriptor[];
}

/** @throws FixityError `not-found` when the release is not in the store; `invalid-input` when the digest is no release. */
export async function readRelease(store: Store, digest: Digest): Promise<ReadRelease> {
  const { document, members } = await readCollection(store, digest, artifactTypes.release);
  return { document: releaseDocument.parse(document), members };
}

/** The document of a release; fails as {@link readRelease} does. */
export async function readReleaseDocument(store: Store, digest: Digest): Promise<ReleaseDocument> {
  return (await readRelease(store, digest)).document;
}
