import type { Digest } from '#kernel';
import type { AsOf, FactRow, ViewReader } from '#views';
import { type Since, type TagState, tagFacts, tagKey } from './view.ts';

/** A tag as it stood at some moment. */
export interface Tag extends Since {
  readonly repository: string;
  readonly tag: string;
  readonly state: TagState;
  readonly digest: Digest;
  /** Absent for a deleted tag. */
  readonly mediaType?: string;
}

type TagRow = NonNullable<ReturnType<typeof tagFacts.now>>;

/** What a tag is now, the deleted included; undefined when it was never claimed. */
export function findTag(views: ViewReader, repository: string, tag: string, asOf?: AsOf): Tag | undefined {
  const key = tagKey(repository, tag);
  const row = asOf === undefined ? tagFacts.now(views, key) : tagFacts.at(views, key, asOf);
  return row === undefined ? undefined : tagOf(row);
}

/** Which part of a list to give: those after `after`, at most `limit`. */
export interface Page {
  readonly after?: string;
  readonly limit: number;
}

/** The tags of a repository that point to something now, in ASCII order. */
export function listTags(views: ViewReader, repository: string, { after = '', limit }: Page): Tag[] {
  return views
    .all<FactRow<never>>(
      `SELECT * FROM registry_tag WHERE until_index IS NULL AND key > ? AND key < ? AND state <> 'deleted'
       ORDER BY key LIMIT ?`,
      tagKey(repository, after),
      `${repository};`,
      limit,
    )
    .map((row) => tagOf(row as TagRow));
}

/** The tags of a repository that pointed to something at a moment, in ASCII order. */
export function listTagsAt(views: ViewReader, repository: string, asOf: AsOf): Tag[] {
  return tagFacts
    .keys(views, tagKey(repository, ''))
    .map((key) => tagFacts.at(views, key, asOf))
    .filter((row) => row !== undefined && row.state !== 'deleted')
    .map((row) => tagOf(row as TagRow));
}

function tagOf(row: TagRow): Tag {
  return {
    repository: String(row.repository),
    tag: String(row.tag),
    state: row.state as TagState,
    digest: row.digest as Digest,
    ...(row.media_type === null ? {} : { mediaType: String(row.media_type) }),
    since: row.time,
    by: String(row.actor),
    index: row.from_index,
  };
}
