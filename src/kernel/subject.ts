import { FixityError } from './errors.ts';

/**
 * What an entry is about: `<kind>/<name>`. This file is the grammar of all subjects.
 * Versions of one subject count from 1 without a gap; (subject, version) is unique on a ledger.
 */
export const subjectKinds = [
  'tag', // tag/<repository>:<tag>
  'artifact', // artifact/<repository>@sha256:<hex>
  'repository', // repository/<repository>
  'release', // release/<service>:r<number>
  'service', // service/<service>
  'environment', // environment/<environment>
  'node', // node/<node>
  'instance', // instance/<instance id>
  'route', // route/<environment>/<service>
  'rollout', // rollout/<rollout id>
  'token', // token/<pseudonym>
  'user', // user/<pseudonym>
  'change', // change/<source>/<id>
  'log', // log/<origin>
] as const;

export type SubjectKind = (typeof subjectKinds)[number];
export type Subject = `${SubjectKind}/${string}`;

const maximumLength = 512;
const printable = /^[\x21-\x7e]+$/;

/** @throws FixityError `invalid-input` when the name is empty, too long or holds other than printable ASCII. */
export function subject(kind: SubjectKind, name: string): Subject {
  if (!printable.test(name) || name.length > maximumLength) {
    throw new FixityError('invalid-input', `"${name.slice(0, 100)}" cannot name a ${kind}`, {
      next: [`use 1 to ${maximumLength} printable ASCII characters without spaces`],
    });
  }
  return `${kind}/${name}`;
}

/** Splits a subject; undefined when the kind is unknown or the name empty. */
export function parseSubject(text: string): { kind: SubjectKind; name: string } | undefined {
  const slash = text.indexOf('/');
  const kind = subjectKinds.find((known) => known === text.slice(0, slash));
  const name = text.slice(slash + 1);
  return kind !== undefined && name !== '' ? { kind, name } : undefined;
}

/** Names of services, environments and nodes: DNS labels (RFC 1123), so that host names can be made from them. */
export const labelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
