import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { type AssignedInstance, type ReleaseDocument, releaseDocument } from '#contract';
import { type Digest, FixityError, shortDigest } from '#kernel';
import { artifactTypes, type Descriptor, type Manifest, parseManifest } from '#oci';
import { decodeTree, materialise, type TreeEntry } from '#trees';
import type { InstancePlan } from '../hands/runtime.ts';
import type { ThingCache } from './cache.ts';

/** A release as one node runs it: the document, the configuration, and the tree of the build for its platform. */
export interface LocalRelease {
  readonly run: ReleaseDocument['run'];
  readonly config?: { readonly path: string; readonly bytes: Uint8Array };
  readonly entries: readonly TreeEntry[];
  readonly layer: Descriptor;
  readonly repository: string;
  /** Everything of it that is worth keeping on the node. */
  readonly things: readonly Digest[];
}

type Assigned = Pick<AssignedInstance, 'service' | 'release' | 'build'>;

/**
 * Gets the things of a release, from the cache where they are there.
 * @throws FixityError `unsupported` for a build that is not a frozen folder; `invalid-input` for a malformed release;
 * what the cache throws.
 */
export async function localRelease(cache: ThingCache, assigned: Assigned): Promise<LocalRelease> {
  const { service, release, build } = assigned;
  const repository = `fixity/releases/${service}`;
  const things: Digest[] = [release, build];
  const manifest = async (digest: Digest): Promise<Manifest> => {
    things.push(digest);
    return parseManifest(await cache.manifest(repository, digest), undefined);
  };
  const layerOf = async (from: Manifest, what: string): Promise<Uint8Array> => {
    const [layer] = from.layers;
    if (layer === undefined) throw malformed(release, `its ${what} is empty`);
    things.push(layer.digest);
    return await cache.blob(repository, layer);
  };

  const index = await manifest(release);
  const [first] = index.manifests;
  if (index.artifactType !== artifactTypes.release || first === undefined) throw malformed(release, 'it is no release');
  const parsed = releaseDocument.safeParse(jsonOf(await layerOf(await manifest(first.digest), 'document')));
  if (!parsed.success) throw malformed(release, `its document: ${parsed.error.issues[0]?.message ?? ''}`);
  const { config, run } = parsed.data;

  const built = await manifest(build);
  const [layer] = built.layers;
  if (built.artifactType !== artifactTypes.tree || built.config === undefined || layer === undefined) {
    throw new FixityError('unsupported', `build ${shortDigest(build)} is not a frozen folder, and runs no process`, {
      next: ['ship a folder: fixity freeze ./dist --as NAME:TAG'],
    });
  }
  things.push(built.config.digest, layer.digest);
  const entries = decodeTree(await cache.blob(repository, built.config));
  const bytes = config && (await layerOf(await manifest(config.digest), 'configuration'));
  const file = config && bytes && { path: config.name, bytes };
  return { run, entries, layer, repository, things, ...(file === undefined ? {} : { config: file }) };
}

/** Everything the runtime needs to start one instance; environment values of the revision win over the release's. */
export function instancePlan(assigned: AssignedInstance, release: LocalRelease, cache: ThingCache): InstancePlan {
  const { instance: id, service, environment, values } = assigned;
  const { run, config } = release;
  return {
    id,
    service,
    environment,
    run: { ...run, environment: { ...run.environment, ...values } },
    config,
    prepare: (folder) => unpackLayer(release, cache, folder),
  };
}

/** A cached layer that has gone bad is fetched once more; every byte is compared with the listing each time. */
async function unpackLayer({ entries, layer, repository }: LocalRelease, cache: ThingCache, folder: string) {
  try {
    await materialise(entries, createReadStream(await cache.file(repository, layer)), folder);
  } catch (error) {
    if (!(error instanceof FixityError) || !['digest-mismatch', 'invalid-input'].includes(error.code)) throw error;
    await cache.discard(layer.digest);
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await materialise(entries, createReadStream(await cache.file(repository, layer)), folder);
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function malformed(release: Digest, why: string): FixityError {
  return new FixityError('invalid-input', `release ${shortDigest(release)} cannot be run: ${why}`);
}
