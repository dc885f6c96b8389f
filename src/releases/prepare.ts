import type { z } from 'zod';
import { type Platform, type ReleaseDocument, releaseDocument, type releaseRequest } from '#contract';
import { type Clock, type Json } from '#kernel';
import { type Descriptor, releaseIndex } from '#oci';
import { resolveReference } from '#registry';
import type { Store } from '#store';
import type { ViewReader } from '#views';
import { type Build, readBuild } from './build.ts';
import { storeCollection } from './collection.ts';
import type { PreparedRelease } from './commands.ts';
import { checkFrozenConfig, type FrozenConfig, readConfig } from './config.ts';

export type ReleaseRequest = z.output<typeof releaseRequest>;

export interface PrepareOptions {
  readonly store: Store;
  readonly views: ViewReader;
  readonly clock: Clock;
}

/**
 * Makes the release that a request describes and stores it; what the command then records is only that it is one. The
 * same request gives the same release.
 * @throws FixityError `not-found` when the build or configuration was never frozen; `unsupported` when the build is
 * nothing that runs; `schema-violation` when the configuration does not hold to its schema; `invalid-input`.
 */
export async function prepareRelease(options: PrepareOptions, request: ReleaseRequest): Promise<PreparedRelease> {
  const { store, views, clock } = options;
  for (const digest of [request.build, request.config ?? []].flat()) resolveReference(views, digest, clock.now());
  const build = await readBuild(store, request.build);
  const config = request.config === undefined ? undefined : await readConfig(store, request.config);
  if (config !== undefined) await checkFrozenConfig(store, config);
  const collection = releaseIndex({
    document: documentOf(request, build, config) as unknown as Json,
    ...(config === undefined ? {} : { config: config.descriptor }),
    platformManifests: build.manifests,
  });
  await storeCollection(store, collection);
  const { descriptor } = collection.index;
  const members = [collection.document.manifest.descriptor, ...(config ? [config.descriptor] : []), ...build.manifests];
  return {
    service: request.service,
    ...named(descriptor),
    build: request.build,
    buildKind: build.kind,
    ...(request.config === undefined ? {} : { config: request.config }),
    ...(request.source === undefined ? {} : { source: sourceOf(request.source) }),
    members: members.map(named),
  };
}

/** Only content: where it came from and its number are in the entry (design section 4, "Things"). */
function documentOf(request: ReleaseRequest, build: Build, config: FrozenConfig | undefined): ReleaseDocument {
  return releaseDocument.parse({
    service: request.service,
    build: { digest: request.build, kind: build.kind, platforms: build.platforms satisfies readonly Platform[] },
    ...(config === undefined
      ? {}
      : { config: { digest: config.descriptor.digest, name: config.name, mediaType: config.mediaType } }),
    secrets: [],
    run: request.run,
  });
}

function sourceOf({ commit, dirty, repository }: NonNullable<ReleaseRequest['source']>) {
  return { commit, dirty, ...(repository === undefined ? {} : { repository }) };
}

function named({ digest, mediaType, artifactType, size }: Descriptor) {
  return { digest, mediaType, size, ...(artifactType === undefined ? {} : { artifactType }) };
}
