import { currentRevision, type Revision, revisionByNumber } from '#environments';
import { type FleetInstance, type FleetNode, instanceAt, nodeAt } from '#fleet';
import { FixityError, isDigest, parseSubject } from '#kernel';
import { type Resolved, resolveReference } from '#registry';
import { type Release, releaseByNumber, releaseOf, releasesOf } from '#releases';
import { type Rollout, rolloutById } from '#rollouts';
import { foldedSize, type ViewReader } from '#views';
import { digestNamed } from './references.ts';
import { isTouched, revisionsWith } from './view.ts';

/** What a reference turned out to name. */
export type Named =
  | { readonly kind: 'entry'; readonly index: number }
  | { readonly kind: 'revision'; readonly revision: Revision }
  | { readonly kind: 'release'; readonly release: Release }
  | { readonly kind: 'rollout'; readonly rollout: Rollout }
  | { readonly kind: 'instance'; readonly instance: FleetInstance }
  | { readonly kind: 'node'; readonly node: FleetNode }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'tag' | 'artifact'; readonly found: Resolved }
  /** A digest that entries name and no repository holds: an observation, a piece of evidence. */
  | { readonly kind: 'thing'; readonly digest: string };

const numbered = /^(?<service>[a-z0-9-]+)[ :]r(?<number>\d{1,9})$/;
const ofEnvironment = /^(?<environment>[a-z0-9-]+)#(?<number>\d{1,9})$/;
const hexDigits = /^(?:sha256:)?[0-9a-f]{4,64}$/;

/**
 * Finds what people name: `48213`, `prod#3`, `checkout r57`, `checkout:r57`, `checkout:1.4.2`, `checkout@sha256:...`,
 * a digest or its prefix, a subject, or the bare name of a rollout, instance, node, service or environment.
 * @param now in milliseconds, for `checkout:latest@02:03`.
 * @throws FixityError `not-found`, `ambiguous-digest` that lists the candidates, `invalid-input`.
 */
export function findNamed(views: ViewReader, text: string, now: number): Named {
  const found = byNumber(views, text) ?? bySubject(views, text) ?? byName(views, text) ?? byDigest(views, text, now);
  if (found !== undefined) return found;
  if (/[:@]/.test(text)) {
    const resolved = resolveReference(views, text, now);
    return resolved.tag === undefined ? ofDigest(views, resolved) : { kind: 'tag', found: resolved };
  }
  throw nothing(text);
}

function byNumber(views: ViewReader, text: string): Named | undefined {
  if (/^\d{1,15}$/.test(text) && Number(text) < foldedSize(views)) return { kind: 'entry', index: Number(text) };
  const revision = ofEnvironment.exec(text)?.groups;
  if (revision !== undefined) {
    const found = revisionByNumber(views, revision['environment'] ?? '', Number(revision['number']));
    if (found === undefined) throw nothing(text);
    return { kind: 'revision', revision: found };
  }
  const release = numbered.exec(text)?.groups;
  if (release === undefined) return undefined;
  const found = releaseByNumber(views, release['service'] ?? '', Number(release['number']));
  return found === undefined ? undefined : { kind: 'release', release: found };
}

function bySubject(views: ViewReader, text: string): Named | undefined {
  const parsed = parseSubject(text);
  if (parsed === undefined || !isTouched(views, text)) return undefined;
  const { kind, name } = parsed;
  if (kind === 'release') return byNumber(views, name);
  if (kind === 'service') return { kind: 'service', service: name };
  return kind === 'rollout' || kind === 'instance' || kind === 'node' || kind === 'environment'
    ? byName(views, name, kind)
    : undefined;
}

/** What has exactly this name, or the one of this kind that has it. */
function byName(views: ViewReader, name: string, only?: string): Named | undefined {
  const rollout = rolloutById(views, name);
  if (rollout !== undefined && (only ?? 'rollout') === 'rollout') return { kind: 'rollout', rollout };
  const instance = instanceAt(views, name);
  if (instance !== undefined && (only ?? 'instance') === 'instance') return { kind: 'instance', instance };
  const node = nodeAt(views, name);
  if (node !== undefined && (only ?? 'node') === 'node') return { kind: 'node', node };
  if (only === undefined && releasesOf(views, name, 1).length > 0) return { kind: 'service', service: name };
  const revision = currentRevision(views, name);
  return revision === undefined ? undefined : { kind: 'revision', revision };
}

function byDigest(views: ViewReader, text: string, now: number): Named | undefined {
  if (!hexDigits.test(text)) return undefined;
  const digest = digestNamed(views, text);
  if (digest === undefined) return undefined;
  const held = isTouched(views, digest) ? resolvedOrNot(views, digest, now) : undefined;
  return held === undefined ? { kind: 'thing', digest } : ofDigest(views, held);
}

function resolvedOrNot(views: ViewReader, digest: string, now: number): Resolved | undefined {
  try {
    return resolveReference(views, digest, now);
  } catch (error) {
    if (error instanceof FixityError && error.code === 'not-found') return undefined;
    throw error;
  }
}

function ofDigest(views: ViewReader, found: Resolved): Named {
  const release = releaseOf(views, found.digest);
  if (release !== undefined) return { kind: 'release', release };
  const [revision] = revisionsWith(views, found.digest);
  return revision === undefined ? { kind: 'artifact', found } : { kind: 'revision', revision };
}

function nothing(text: string): FixityError {
  return new FixityError('not-found', `nothing is named "${text.slice(0, 100)}"`, {
    facts: isDigest(text) ? ['no entry names this digest'] : [],
    next: ['fixity log', 'fixity show checkout:1.4.2, checkout r57, prod#3, 48213 or a digest'],
  });
}
