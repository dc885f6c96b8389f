import type { Answer } from '#contract';
import { type Digest, FixityError } from '#kernel';
import { findArtifact } from '#registry';
import type { Store } from '#store';
import type { ViewReader } from '#views';
import type { CommandMeta, Writer } from '#writer';
import { release } from './commands.ts';
import { checkFrozenConfig, readConfig } from './config.ts';
import { readReleaseDocument } from './documents.ts';
import { type PrepareOptions, prepareRelease, type ReleaseRequest } from './prepare.ts';
import { commitOf, latestNumber, type Release, releaseByNumber, releasesOf } from './view.ts';

type Summary = Answer<'releaseByNumber'>;

/** Releases a build with its configuration; the same content answers with the release it already is. */
export async function makeRelease(
  options: PrepareOptions & { readonly writer: Writer },
  input: ReleaseRequest,
  meta: CommandMeta,
): Promise<Answer<'release'>> {
  const prepared = await prepareRelease(options, input);
  return (await options.writer.submit(release, prepared, meta)).answer;
}

/** The releases of a service, newest first, without their documents. */
export function listReleases(
  views: ViewReader,
  { service, limit }: { readonly service: string; readonly limit: number },
): Answer<'releases'> {
  return { releases: releasesOf(views, service, limit).map((one) => summary(views, one)) };
}

/** One release with its document. @throws FixityError `not-found` that names the latest. */
export async function oneRelease(
  { store, views }: { readonly store: Store; readonly views: ViewReader },
  { service, number }: { readonly service: string; readonly number: number },
): Promise<Summary> {
  const found = releaseByNumber(views, service, number);
  if (found !== undefined) {
    return { ...summary(views, found), document: await readReleaseDocument(store, found.digest) };
  }
  const latest = latestNumber(views, service);
  throw new FixityError(
    'not-found',
    latest === 0
      ? `there is no release of ${service}`
      : `${service} has no release r${number}, the latest is r${latest}`,
    { next: [latest === 0 ? 'fixity ship' : `fixity show ${service}:r${latest}`] },
  );
}

/**
 * Holds a frozen configuration to the schema frozen with it. @throws FixityError `not-found`, `schema-violation`,
 * `invalid-input` when it is no configuration or its schema is none.
 */
export async function checkConfig(
  { store, views }: { readonly store: Store; readonly views: ViewReader },
  { repository, digest }: { readonly repository: string; readonly digest: Digest },
): Promise<Answer<'checkConfig'>> {
  if (findArtifact(views, repository, digest) === undefined) {
    throw new FixityError('not-found', `${repository} holds no ${digest}`, { next: [`fixity show ${repository}`] });
  }
  return { checked: await checkFrozenConfig(store, await readConfig(store, digest)) };
}

function summary(views: ViewReader, { service, number, digest, released, actor }: Release): Summary {
  const source = commitOf(views, digest);
  return {
    service,
    number,
    digest,
    released,
    by: actor,
    ...(source === undefined ? {} : { commit: source.commit, dirty: source.dirty }),
  };
}
