import { type Digest, FixityError } from '#kernel';
import { asOfTime, type ViewReader } from '#views';
import { type Artifact, findByPrefix } from './artifacts.ts';
import { type ArtifactReference, parseReference } from './reference.ts';
import { findTag } from './tags.ts';

/** What a reference turned out to name. */
export interface Resolved {
  readonly repository: string;
  readonly tag?: string;
  readonly digest: Digest;
  readonly mediaType?: string;
}

/** How many candidates an ambiguous prefix lists. */
const shown = 10;

/** @throws FixityError `invalid-input`, `not-found`, or `ambiguous-digest` that lists the candidates. */
export function resolveReference(views: ViewReader, text: string, now: number): Resolved {
  const reference = parseReference(text, now);
  return reference.by === 'tag' ? byTag(views, reference) : byDigest(views, reference);
}

function byTag(views: ViewReader, { repository, tag, at }: ArtifactReference & { by: 'tag' }): Resolved {
  const found = findTag(views, repository, tag, at === undefined ? undefined : asOfTime(views, at));
  if (found === undefined || found.state === 'deleted') {
    throw new FixityError('not-found', `${repository}:${tag} is not a tag${at === undefined ? '' : ` at ${at}`}`, {
      facts: found === undefined ? [] : [`it was deleted by ${found.by} at ${found.since}`, found.digest],
      next: [`fixity show ${repository}`],
    });
  }
  const { digest, mediaType } = found;
  return { repository, tag, digest, ...(mediaType === undefined ? {} : { mediaType }) };
}

function byDigest(views: ViewReader, { repository, hex }: ArtifactReference & { by: 'digest' }): Resolved {
  const found = findByPrefix(views, hex, shown + 1, repository);
  const [only] = found;
  const where = repository === undefined ? '' : ` in ${repository}`;
  if (only === undefined) {
    throw new FixityError('not-found', `no artifact${where} has a digest that starts with ${hex}`, {
      next: ['give another prefix, or a tag'],
    });
  }
  if (found.length > 1) {
    throw new FixityError('ambiguous-digest', `${hex} could be several digests${where}`, {
      facts: [...found.slice(0, shown).map(line), ...(found.length > shown ? ['and more'] : [])],
      next: ['give more digits'],
    });
  }
  return { repository: only.repository, digest: only.digest, mediaType: only.mediaType };
}

const line = ({ digest, repository }: Artifact) => `${digest} in ${repository}`;
