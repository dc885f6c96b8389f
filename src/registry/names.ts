import { repositoryName, tagName } from '#contract';
import { type Digest, FixityError, type Subject, subject } from '#kernel';

/** Repositories that only Fixity itself writes: releases and environment revisions live there. */
const ownPrefix = 'fixity/';

export function isOwnRepository(repository: string): boolean {
  return repository.startsWith(ownPrefix);
}

/** The grammar of the OCI distribution-spec 1.1 ("Pulling manifests"); at most 255 characters. */
export function isRepository(text: string): boolean {
  return repositoryName.safeParse(text).success;
}

/** The grammar of the OCI distribution-spec 1.1: 1 to 128 characters. */
export function isTag(text: string): boolean {
  return tagName.safeParse(text).success;
}

/** @throws FixityError `invalid-input` that shows the grammar. */
export function requireRepository(text: string): string {
  if (isRepository(text)) return text;
  throw new FixityError('invalid-input', `"${text.slice(0, 100)}" cannot name a repository`, {
    facts: ['lower-case letters and digits, parts separated by . _ __ - or /, at most 255 characters'],
    next: ['use a name such as checkout or shop/checkout'],
  });
}

/** @throws FixityError `invalid-input` that shows the grammar. */
export function requireTag(text: string): string {
  if (isTag(text)) return text;
  throw new FixityError('invalid-input', `"${text.slice(0, 130)}" cannot be a tag`, {
    facts: ['a letter, digit or _, then up to 127 letters, digits, dots, dashes or _'],
    next: ['use a tag such as 1.4.2'],
  });
}

export const tagSubject = (repository: string, tag: string): Subject => subject('tag', `${repository}:${tag}`);
export const artifactSubject = (repository: string, digest: Digest): Subject =>
  subject('artifact', `${repository}@${digest}`);
export const repositorySubject = (repository: string): Subject => subject('repository', repository);
