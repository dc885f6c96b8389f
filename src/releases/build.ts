import { type Platform, platform } from '#contract';
import { type Digest, FixityError, shortDigest } from '#kernel';
import { artifactTypes, type Descriptor, type Manifest, maximumManifest, mediaTypes, parseManifest } from '#oci';
import type { Store } from '#store';

/** A tree frozen for one platform says so in this annotation of its manifest: `linux/amd64`. */
export const platformAnnotation = 'dev.fixity.platform';

/** What runs, as resolved at release. */
export interface Build {
  readonly kind: 'tree' | 'image';
  /** Empty when it runs anywhere. */
  readonly platforms: readonly Platform[];
  /** The manifests for each platform, no index among them. */
  readonly manifests: readonly Descriptor[];
}

const maximumImageConfig = 4 * 1024 * 1024;
const imageConfigs = new Set<string>([mediaTypes.imageConfig, 'application/vnd.docker.container.image.v1+json']);

/**
 * Reads what a build's digest names: a tree frozen by Fixity, an image, or an index of images.
 * @throws FixityError `not-found` when part of it is not in the store; `unsupported` when it is nothing that runs.
 */
export async function readBuild(store: Store, digest: Digest): Promise<Build> {
  const { manifest, descriptor } = await readManifest(store, digest);
  if (manifest.kind === 'index') return imageOf(await membersOf(store, digest, manifest));
  if (manifest.artifactType === artifactTypes.tree) return treeOf(manifest, descriptor);
  return imageOf([await withPlatform(store, manifest, descriptor)]);
}

function treeOf(manifest: Manifest, descriptor: Descriptor): Build {
  const named = manifest.annotations[platformAnnotation];
  if (named === undefined) return { kind: 'tree', platforms: [], manifests: [descriptor] };
  const [os = '', architecture = ''] = named.split('/');
  const read = platform.safeParse({ os, architecture });
  if (!read.success || os === '' || architecture === '') {
    throw new FixityError('invalid-input', `the build's annotation ${platformAnnotation} is "${named.slice(0, 100)}"`, {
      next: ['freeze it for a platform such as linux/amd64'],
    });
  }
  return { kind: 'tree', platforms: [read.data], manifests: [{ ...descriptor, platform: read.data }] };
}

function imageOf(manifests: readonly Descriptor[]): Build {
  const names = manifests.flatMap(({ platform }) => (platform ? `${platform.os}/${platform.architecture}` : []));
  const platforms = [...new Set(names)].sort().map((name) => {
    const [os = '', architecture = ''] = name.split('/');
    return { os, architecture };
  });
  return { kind: 'image', platforms, manifests };
}

async function membersOf(store: Store, digest: Digest, index: Manifest): Promise<Descriptor[]> {
  // Attestations that builders add to an index run nowhere and say so by this platform.
  const running = index.manifests.filter(({ platform }) => platform?.os !== 'unknown');
  if (running.length === 0) throw notABuild(digest, 'it lists no image');
  const members: Descriptor[] = [];
  for (const member of running) {
    const { manifest, descriptor } = await readManifest(store, member.digest, member.mediaType);
    if (manifest.kind === 'index') throw notABuild(digest, 'it lists another index');
    const found = member.platform === undefined ? await withPlatform(store, manifest, descriptor) : descriptor;
    members.push({ ...found, ...(member.platform === undefined ? {} : { platform: member.platform }) });
  }
  return members;
}

/** The platform that the image's own configuration names (image-spec 1.1, config.md). */
async function withPlatform(store: Store, manifest: Manifest, descriptor: Descriptor): Promise<Descriptor> {
  const { config } = manifest;
  if (config === undefined || !imageConfigs.has(config.mediaType)) {
    throw notABuild(descriptor.digest, `it is ${manifest.artifactType ?? config?.mediaType ?? 'of no known type'}`);
  }
  const bytes = await store.read(config.digest, maximumImageConfig);
  const read = platform.loose().safeParse(parsedJson(bytes));
  if (!read.success) throw notABuild(descriptor.digest, "the image's configuration names no platform");
  const { os, architecture, variant } = read.data;
  return { ...descriptor, platform: { os, architecture, ...(typeof variant === 'string' && { variant }) } };
}

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Reads a manifest, with the descriptor that an index would name it by. */
export async function readManifest(store: Store, digest: Digest, mediaType?: string) {
  const bytes = await store.read(digest, maximumManifest);
  const manifest = parseManifest(bytes, mediaType);
  const { artifactType } = manifest;
  const descriptor: Descriptor = {
    mediaType: manifest.mediaType,
    digest,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
  };
  return { manifest, descriptor };
}

function notABuild(digest: Digest, why: string): FixityError {
  return new FixityError('unsupported', `${shortDigest(digest)} cannot be released as a build: ${why}`, {
    facts: [digest],
    next: ['give the digest of a frozen folder or of a container image'],
  });
}
