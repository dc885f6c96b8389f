import type { Answer } from '#contract';
import { type Clock, FixityError, type Instant } from '#kernel';
import { asOfTime, type ViewReader } from '#views';
import type { CommandMeta, Writer } from '#writer';
import { findRepository, listRepositories } from './artifacts.ts';
import { configureRepository, deleteTag } from './commands.ts';
import { resolveReference } from './resolve.ts';
import { listTags, listTagsAt, type Tag } from './tags.ts';
import type { RepositorySettings } from './view.ts';

/** More than anyone lists by hand; the OCI endpoints give pages. */
const most = 10_000;

/** The repositories with how much each holds. */
export function repositories(views: ViewReader): Answer<'repositories'> {
  return { repositories: listRepositories(views, { limit: most }).map((one) => ({ ...one, moving: [...one.moving] })) };
}

/** The tags of a repository now or at an instant: what each holds, since when, by whom. @throws FixityError `not-found`. */
export function tags(views: ViewReader, input: { repository: string; at?: Instant | undefined }): Answer<'tags'> {
  const { repository, at } = input;
  if (findRepository(views, repository) === undefined) {
    throw new FixityError('not-found', `there is no repository ${repository}`, { next: ['GET /api/v1/repositories'] });
  }
  const found =
    at === undefined
      ? listTags(views, repository, { limit: most })
      : listTagsAt(views, repository, asOfTime(views, new Date(at).toISOString()));
  return { tags: found.map(summary) };
}

/** The whole digest that a reference or digest prefix names. @throws FixityError `not-found`, `ambiguous-digest`. */
export function resolve(views: ViewReader, input: { reference: string }, clock: Clock): Answer<'resolve'> {
  return resolveReference(views, input.reference, clock.now());
}

/** Says which tags of a repository move; answers the settings in force. */
export async function configure(
  writer: Writer,
  input: RepositorySettings & { repository: string },
  meta: CommandMeta,
): Promise<Answer<'configureRepository'>> {
  const { repository, policy } = input;
  await writer.submit(configureRepository, { repository, moving: [...input.moving], policy }, meta);
  return { repository, moving: [...input.moving], policy };
}

/** Deletes a tag; its name and its entries stay. */
export async function removeTag(
  writer: Writer,
  input: { repository: string; tag: string },
  meta: CommandMeta,
): Promise<{ done: true }> {
  await writer.submit(deleteTag, input, meta);
  return { done: true };
}

function summary({ tag, digest, mediaType = '', since, by, state, index }: Tag): Answer<'tags'>['tags'][number] {
  return { tag, digest, mediaType, since, by, moving: state === 'moving', index };
}
