import { canonicalBytes, type Json } from '#kernel';
import { type Artifact, documentManifest } from './artifact.ts';
import { type Content, contentOf, type Descriptor } from './descriptor.ts';
import { artifactTypes, mediaTypes } from './media-types.ts';

/** A flat index and the document that leads it. Push or store in this order: blobs, document manifest, index. */
export interface Collection {
  readonly index: Content;
  readonly document: Artifact;
}

export interface ReleaseParts {
  readonly document: Json;
  /** The manifest of the configuration. */
  readonly config?: Descriptor;
  /** The manifests of the build as resolved at release, with `platform` where it is known; no index. */
  readonly platformManifests: readonly Descriptor[];
}

/**
 * A release: the document first, then the config, then the build for each platform. Flat, because skopeo refuses an index
 * within an index.
 */
export function releaseIndex({ document, config, platformManifests }: ReleaseParts): Collection {
  return collection(artifactTypes.release, document, [...(config ? [config] : []), ...platformManifests]);
}

export interface RevisionParts {
  readonly document: Json;
  /** The members of each release index, in the order of the services. */
  readonly releases: readonly (readonly Descriptor[])[];
}

/** A revision: the document first, then everything its releases list, each once. */
export function revisionIndex({ document, releases }: RevisionParts): Collection {
  return collection(artifactTypes.environment, document, releases.flat());
}

/** @throws TypeError when a member is itself an index, which no caller may pass. */
function collection(artifactType: string, json: Json, members: readonly Descriptor[]): Collection {
  const document = documentManifest(artifactType, json);
  const unique = new Map<string, Descriptor>();
  for (const member of [document.manifest.descriptor, ...members]) {
    if (member.mediaType === mediaTypes.imageIndex || member.mediaType === mediaTypes.dockerManifestList) {
      throw new TypeError(`${member.digest} is an index and cannot be a member of a flat index`);
    }
    if (!unique.has(member.digest)) unique.set(member.digest, listed(member));
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, artifactType, manifests: [...unique.values()] };
  return { document, index: contentOf(canonicalBytes(index), mediaTypes.imageIndex, { artifactType }) };
}

/**
 * A member with only what image-spec 1.0 knows. A copier that does not know `artifactType` in descriptors (skopeo
 * 1.9) would drop it, take the index for changed, and write another one under another digest.
 */
function listed({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(platform && { platform }) };
}
