import { FixityError, type Instant, parseTime } from '#kernel';
import { isRepository, isTag } from './names.ts';

/**
 * What people write to name an artifact: `checkout:1.4.2`, `checkout@sha256:4be1...`, `checkout@4be1c9d0a771`,
 * `4be1c9d0a771`, `checkout:latest@02:03`. A digest may be a prefix of at least four hex digits.
 */
export type ArtifactReference =
  | { readonly by: 'tag'; readonly repository: string; readonly tag: string; readonly at?: Instant }
  | { readonly by: 'digest'; readonly repository?: string; readonly hex: string };

const digestPrefix = /^(?:sha256:)?([0-9a-f]{4,64})$/;

/**
 * @param now in milliseconds: a bare clock time means the latest past one.
 * @throws FixityError `invalid-input` that names the accepted forms.
 */
export function parseReference(text: string, now: number): ArtifactReference {
  const bare = digestPrefix.exec(text);
  if (bare?.[1] !== undefined) return { by: 'digest', hex: bare[1] };
  const at = text.indexOf('@');
  const name = at === -1 ? text : text.slice(0, at);
  const rest = at === -1 ? undefined : text.slice(at + 1);
  const colon = name.indexOf(':');
  const repository = colon === -1 ? name : name.slice(0, colon);
  const tag = colon === -1 ? undefined : name.slice(colon + 1);
  if (!isRepository(repository) || (tag !== undefined && !isTag(tag))) throw notAReference(text);
  const hex = rest === undefined ? undefined : digestPrefix.exec(rest)?.[1];
  // As container clients read `name:tag@digest`: the digest decides, the tag is a remark.
  if (hex !== undefined) return { by: 'digest', repository, hex };
  if (tag === undefined) throw notAReference(text);
  return { by: 'tag', repository, tag, ...(rest === undefined ? {} : { at: parseTime(rest, now) }) };
}

function notAReference(text: string): FixityError {
  return new FixityError('invalid-input', `"${text.slice(0, 100)}" does not name an artifact`, {
    next: ['checkout:1.4.2, checkout@sha256:..., checkout:latest@02:03, or at least four hex digits of a digest'],
  });
}
