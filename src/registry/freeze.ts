import { type Digest, FixityError } from '#kernel';
import { type Draft, draft } from '#ledger';
import type { DecisionContext } from '#writer';
import { findArtifact } from './artifacts.ts';
import { artifactFrozen, tagFrozen, tagMoved } from './entries.ts';
import { matchesMoving } from './moving.ts';
import { artifactSubject, tagSubject } from './names.ts';
import { tagDeletedRefusal, tagFinalRefusal } from './refusals.ts';
import { findTag } from './tags.ts';
import { settingsOf } from './view.ts';

/** A manifest that is in the store, with everything it refers to, and the name it shall have. */
export interface Freeze {
  readonly repository: string;
  readonly tag?: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly size: number;
  readonly subject?: Digest;
}

/**
 * What must be recorded so that a manifest is in a repository and, if one is given, holds a tag: nothing when that is
 * already so. For the decisions of other rooms, which record these drafts in their own command; the refusal is
 * `tag-final`. Claiming a final tag is the first version of its subject, so of many claims one wins.
 */
export function freezeDrafts(context: DecisionContext, freeze: Freeze): Draft[] | FixityError {
  const named = freeze.tag === undefined ? [] : claimTag(context, freeze, freeze.tag);
  return named instanceof FixityError ? named : [...holdArtifact(context, freeze), ...named];
}

function holdArtifact(context: DecisionContext, freeze: Freeze): Draft[] {
  const { repository, digest, mediaType, artifactType, size, subject } = freeze;
  if (findArtifact(context.views, repository, digest) !== undefined) return [];
  const data = {
    repository,
    digest,
    mediaType,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
  };
  return [draft(artifactFrozen, artifactSubject(repository, digest), data, { expect: 1 })];
}

function claimTag(context: DecisionContext, freeze: Freeze, tag: string): Draft[] | FixityError {
  const { repository, digest, mediaType, artifactType, size } = freeze;
  const settings = settingsOf(context.views, repository);
  const moves = matchesMoving(settings.moving, tag);
  const held = findTag(context.views, repository, tag);
  const name = tagSubject(repository, tag);
  const data = {
    repository,
    tag,
    digest,
    mediaType,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
  };
  const expect = context.version(name) + 1;
  if (held === undefined || held.state === 'deleted') {
    if (held !== undefined && settings.policy === 'final') return tagDeletedRefusal(held);
    return [moves ? draft(tagMoved, name, data, { expect }) : draft(tagFrozen, name, data, { expect })];
  }
  if (held.digest === digest) return [];
  // A tag that was frozen stays final even where a pattern declared later would let it move.
  if (held.state === 'frozen' || !moves) return tagFinalRefusal(held);
  return [draft(tagMoved, name, { ...data, previous: held.digest }, { expect })];
}
