/** Media types of OCI image-spec 1.1 (media-types.md) and of Docker's image manifest version 2, schema 2. */
export const mediaTypes = {
  imageManifest: 'application/vnd.oci.image.manifest.v1+json',
  imageIndex: 'application/vnd.oci.image.index.v1+json',
  imageConfig: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  schema: 'application/schema+json',
} as const;

/** What Fixity freezes: `artifactType` of its manifests. */
export const artifactTypes = {
  tree: 'application/vnd.fixity.tree.v1',
  config: 'application/vnd.fixity.config.v1',
  release: 'application/vnd.fixity.release.v1',
  environment: 'application/vnd.fixity.environment.v1',
} as const;

/** Annotations of OCI image-spec 1.1 (annotations.md) that Fixity reads or writes. */
export const titleAnnotation = 'org.opencontainers.image.title';

/** The manifests that are accepted, and whether each lists blobs or other manifests. */
export const manifestKinds: ReadonlyMap<string, 'manifest' | 'index'> = new Map([
  [mediaTypes.imageManifest, 'manifest'],
  [mediaTypes.dockerManifest, 'manifest'],
  [mediaTypes.imageIndex, 'index'],
  [mediaTypes.dockerManifestList, 'index'],
]);

/** RFC 6838, section 4.2: type and subtype, each starting with a letter or digit, without parameters. */
const pattern = /^[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,126}$/;

export function isMediaType(text: string): boolean {
  return pattern.test(text);
}

/** The type and subtype of a `Content-Type`, in lower case, without parameters. */
export function bareMediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
