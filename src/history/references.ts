import { revisionByNumber } from '#environments';
import { FixityError, isDigest, parseSubject, type SubjectKind } from '#kernel';
import type { ViewReader } from '#views';
import { digestsWithPrefix, isTouched } from './view.ts';

/** How many candidates an ambiguous prefix lists. */
const shown = 10;

const prefix = /^(?:sha256:)?([0-9a-f]{4,64})$/;
const numbered = /^([a-z0-9-]+)[ :]r(\d{1,9})$/;
const revision = /^([a-z0-9-]+)#(\d{1,9})$/;

/** The one digest that a prefix names; undefined when entries touch none. @throws FixityError `ambiguous-digest`. */
export function digestNamed(views: ViewReader, text: string): string | undefined {
  const hex = prefix.exec(text)?.[1];
  if (hex === undefined) return undefined;
  const found = digestsWithPrefix(views, hex, shown + 1);
  if (found.length <= 1) return found[0];
  throw new FixityError('ambiguous-digest', `${hex} could be several digests`, {
    facts: [...found.slice(0, shown), ...(found.length > shown ? ['and more'] : [])],
    next: ['give more digits'],
  });
}

/** What a bare name is taken for, most likely first. */
const bareNames: readonly SubjectKind[] = [
  'service',
  'environment',
  'node',
  'instance',
  'rollout',
  'tag',
  'repository',
  'token',
  'user',
];

/**
 * The subject or digest that people name: `4be1c9d0`, `service/checkout`, `checkout r57`, `prod#3`, or the bare name of
 * whatever has it.
 * @throws FixityError `not-found`, `ambiguous-digest`.
 */
export function referenceNamed(views: ViewReader, text: string): string {
  if (isDigest(text) || parseSubject(text) !== undefined) return text;
  const digest = digestNamed(views, text);
  if (digest !== undefined) return digest;
  const [, service, release] = numbered.exec(text) ?? [];
  const [, environment, number] = revision.exec(text) ?? [];
  const candidates = [
    ...(service === undefined ? [] : [`release/${service}:r${release}`]),
    ...(environment === undefined ? [] : [revisionByNumber(views, environment, Number(number))?.digest ?? []].flat()),
    ...bareNames.map((kind) => `${kind}/${text}`),
  ];
  const found = candidates.find((candidate) => isTouched(views, candidate));
  if (found !== undefined) return found;
  throw new FixityError('not-found', `no entry touches "${text.slice(0, 100)}"`, {
    next: ['fixity log', 'fixity log service/checkout, or at least four hex digits of a digest'],
  });
}
