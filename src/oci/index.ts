export {
  type Artifact,
  type BuildParts,
  buildArtifact,
  type ConfigParts,
  configArtifact,
  documentManifest,
  emptyConfig,
} from './artifact.ts';
export { DistributionClient, type DistributionClientOptions, type PulledManifest } from './client.ts';
export { type Collection, type ReleaseParts, type RevisionParts, releaseIndex, revisionIndex } from './collection.ts';
export { type Annotations, type Content, contentOf, type Descriptor, type Platform } from './descriptor.ts';
export { type Manifest, maximumManifest, parseManifest, referrerType } from './manifest.ts';
export {
  artifactTypes,
  bareMediaType,
  isMediaType,
  manifestKinds,
  mediaTypes,
  titleAnnotation,
} from './media-types.ts';
