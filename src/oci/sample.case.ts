import { digestOf } from '#kernel';
import {
  type Artifact,
  buildArtifact,
  type Collection,
  type Content,
  configArtifact,
  contentOf,
  releaseIndex,
  revisionIndex,
} from './index.ts';

/** A release and a revision as the golden files hold them. */
export interface SampleCollections {
  readonly build: Artifact;
  readonly layer: Content;
  readonly config: Artifact;
  readonly release: Collection;
  readonly revision: Collection;
  /** Every blob and manifest that the revision reaches, itself last. */
  readonly all: readonly Content[];
}

export function sampleCollections(): SampleCollections {
  const layer = contentOf(Buffer.alloc(1024), 'application/vnd.oci.image.layer.v1.tar');
  const build = buildArtifact({ tree: Buffer.from('fixity-tree-v1\n'), layer: layer.descriptor });
  const config = configArtifact({
    bytes: Buffer.from('tax:\n  mode: floor\n'),
    mediaType: 'application/yaml',
    fileName: 'config.yaml',
    schema: Buffer.from('{"type":"object"}'),
  });
  const release = releaseIndex({
    document: { build: digestOf('pushed build'), service: 'checkout' },
    config: config.manifest.descriptor,
    platformManifests: [{ ...build.manifest.descriptor, platform: { architecture: 'amd64', os: 'linux' } }],
  });
  const members = [release.document.manifest.descriptor, config.manifest.descriptor, build.manifest.descriptor];
  const revision = revisionIndex({ document: { environment: 'prod', services: {} }, releases: [members, members] });
  const blobs = [...build.blobs, layer, ...config.blobs, ...release.document.blobs, ...revision.document.blobs];
  const manifests = [build.manifest, config.manifest, release.document.manifest, revision.document.manifest];
  return { build, layer, config, release, revision, all: [...blobs, ...manifests, release.index, revision.index] };
}
