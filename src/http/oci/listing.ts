import { FixityError } from '#kernel';
import { findRepository, listRepositories, listTags } from '#registry';
import { nextLink, sendJson } from './answer.ts';
import { OciRefusal } from './errors.ts';
import type { Exchange, OciOptions } from './options.ts';

/** The longest page; whoever asks for more, or for no number, gets a `Link` to the rest. */
const longest = 10_000;

/** end-8: the tags of a repository in ASCII order. */
export function answerTags({ views }: OciOptions, { response, query }: Exchange, name: string) {
  if (findRepository(views, name) === undefined) {
    throw new FixityError('not-found', `there is no repository ${name}`, { next: ['list them: GET /v2/_catalog'] });
  }
  const limit = limitOf(query);
  const found = listTags(views, name, { after: query.get('last') ?? '', limit: limit + 1 }).map(({ tag }) => tag);
  const tags = found.slice(0, limit);
  sendJson(response, 200, { name, tags }, linkAfter(`/v2/${name}/tags/list`, found.length > limit, limit, tags));
}

/** The repositories in ASCII order, paged as tags are. */
export function answerCatalog({ views }: OciOptions, { response, query }: Exchange) {
  const limit = limitOf(query);
  const page = { after: query.get('last') ?? '', limit: limit + 1 };
  const found = listRepositories(views, page).map(({ repository }) => repository);
  const repositories = found.slice(0, limit);
  const link = linkAfter('/v2/_catalog', found.length > limit, limit, repositories);
  sendJson(response, 200, { repositories }, link);
}

function linkAfter(path: string, more: boolean, limit: number, page: readonly string[]) {
  const last = page.at(-1);
  return more && last !== undefined ? nextLink(path, { n: limit, last }) : {};
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('n');
  if (text === null) return longest;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), longest);
  const error = new FixityError('invalid-input', `n=${text.slice(0, 20)} is not a number of results`, {
    next: ['give n as digits, for example n=100'],
  });
  throw new OciRefusal('UNSUPPORTED', error);
}
