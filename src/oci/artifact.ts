import { canonicalBytes, type Json } from '#kernel';
import { type Annotations, type Content, contentOf, type Descriptor } from './descriptor.ts';
import { artifactTypes, mediaTypes, titleAnnotation } from './media-types.ts';

/** A manifest made here, with those of its blobs that are held in memory. Push or store the blobs first. */
export interface Artifact {
  readonly manifest: Content;
  readonly blobs: readonly Content[];
}

/** The config of artifacts that have none (image-spec 1.1, manifest.md, "Guidance for an Empty Descriptor"). */
export const emptyConfig: Content = contentOf(Buffer.from('{}'), mediaTypes.empty);

interface Parts {
  readonly artifactType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Annotations;
}

/** Canonical JSON without times: the same parts are the same bytes, and so the same digest. */
function manifestOf({ artifactType, config, layers, annotations }: Parts): Content {
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType,
    config,
    layers,
    ...(annotations && Object.keys(annotations).length > 0 && { annotations }),
  };
  return contentOf(canonicalBytes(document), mediaTypes.imageManifest, { artifactType });
}

export interface BuildParts {
  /** The canonical listing of the tree, `tree.v1`. */
  readonly tree: Uint8Array;
  /** The uncompressed normalised tar of the tree, which is too large to be held here. */
  readonly layer: { readonly digest: Descriptor['digest']; readonly size: number };
  readonly annotations?: Annotations;
}

/** A folder frozen as a build: the listing is the config, the tar the only layer. */
export function buildArtifact({ tree, layer, annotations }: BuildParts): Artifact {
  const config = contentOf(tree, artifactTypes.tree);
  const layers = [{ mediaType: mediaTypes.layer, digest: layer.digest, size: layer.size }];
  const parts = { artifactType: artifactTypes.tree, config: config.descriptor, layers };
  return { manifest: manifestOf({ ...parts, ...(annotations && { annotations }) }), blobs: [config] };
}

export interface ConfigParts {
  readonly bytes: Uint8Array;
  /** Such as `application/yaml`, `application/json`, `application/toml`, `text/plain`, `application/octet-stream`. */
  readonly mediaType: string;
  /** The name of the file, without its folder. */
  readonly fileName: string;
  /** The JSON Schema that the document holds to. */
  readonly schema?: Uint8Array;
}

/** A frozen configuration: the document is layer 0, its schema, if there is one, layer 1. */
export function configArtifact({ bytes, mediaType, fileName, schema }: ConfigParts): Artifact {
  const document = contentOf(bytes, mediaType, { annotations: { [titleAnnotation]: fileName } });
  const blobs = schema ? [document, contentOf(schema, mediaTypes.schema)] : [document];
  return wrapped(artifactTypes.config, blobs);
}

/** A JSON document as an artifact of its own: canonical JSON of media type `<artifactType>+json` is the only layer. */
export function documentManifest(artifactType: string, document: Json): Artifact {
  return wrapped(artifactType, [contentOf(canonicalBytes(document), `${artifactType}+json`)]);
}

function wrapped(artifactType: string, blobs: readonly Content[]): Artifact {
  const layers = blobs.map(({ descriptor }) => descriptor);
  return {
    manifest: manifestOf({ artifactType, config: emptyConfig.descriptor, layers }),
    blobs: [emptyConfig, ...blobs],
  };
}
