import { FixityError, type Instant, shortDigest } from '#kernel';
import type { Tag } from './tags.ts';

/** Why a tag cannot get another digest: what it holds, since when, by whom. */
export function tagFinalRefusal(held: Tag): FixityError {
  const { repository, tag, digest, since, by, index } = held;
  return new FixityError('tag-final', `${repository}:${tag} is already frozen as ${shortDigest(digest)}`, {
    facts: [`by ${by} on ${exactTime(since)}. A tag is final`, digest],
    next: [`use another tag, for example ${repository}:${nextTag(tag)}`],
    members: { digest, frozenAt: since, frozenBy: by, index },
  });
}

/** Why the name of a deleted tag cannot be used again. */
export function tagDeletedRefusal(deleted: Tag): FixityError {
  const { repository, tag, digest, since, by, index } = deleted;
  return new FixityError('tag-final', `${repository}:${tag} was deleted and its name is not used again`, {
    facts: [`deleted by ${by} on ${exactTime(since)}, it was`, digest],
    next: [`use another tag, for example ${repository}:${nextTag(tag)}`],
    members: { digest, deletedAt: since, deletedBy: by, index },
  });
}

export function ownRepositoryRefusal(repository: string): FixityError {
  return new FixityError('forbidden', `${repository} is written by Fixity alone`, {
    facts: ['everything under fixity/ comes from releases and rollouts'],
    next: [`push to ${repository.split('/').at(-1)} instead, then release it: fixity ship`],
  });
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Tue 2026-11-17 13:02:11 UTC`. */
function exactTime(instant: Instant): string {
  return `${days[new Date(instant).getUTCDay()]} ${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}

/** The tag with its last number raised by one, or with `-2` where it has none: a suggestion, not a claim. */
export function nextTag(tag: string): string {
  const number = /^(.*?)(\d{1,9})(\D*)$/.exec(tag);
  if (number === null) return `${tag.slice(0, 126)}-2`;
  const [, before = '', digits = '', after = ''] = number;
  return `${before}${String(Number(digits) + 1).padStart(digits.length, '0')}${after}`;
}
