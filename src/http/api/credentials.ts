import type { IncomingMessage } from 'node:http';
import { type Identity, may } from '#identity';
import { FixityError } from '#kernel';
import type { Caller } from './handlers.ts';

/** The token of a request: `Authorization: Bearer`, or the password of Basic with any user name (RFC 6750, RFC 7617). */
export function bearerOf(request: Pick<IncomingMessage, 'headers'>): string | undefined {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ', 2);
  if (value === undefined || value === '') return undefined;
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(value, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1) || undefined;
}

/** Whether the bearer of a request may read; for what is served outside the route table. */
export function mayRead(request: Pick<IncomingMessage, 'headers'>, identity: Pick<Identity, 'authenticate'>): boolean {
  const bearer = bearerOf(request);
  const actor = bearer === undefined ? undefined : identity.authenticate(bearer);
  return actor !== undefined && may(actor.role, 'read');
}

const commandIdPattern = /^[\x21-\x7e]{1,128}$/;
const ifMatchPattern = /^"?(?<subject>[a-z]+\/[\x21\x23-\x7e]{1,512})@(?<version>\d{1,15})"?$/;

/** Reads `Idempotency-Key` and `If-Match`. @throws FixityError `invalid-input` for either in another form. */
export function conditionsOf(request: Pick<IncomingMessage, 'headers'>): Pick<Caller, 'commandId' | 'ifMatch'> {
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !commandIdPattern.test(key))) {
    throw new FixityError('invalid-input', 'Idempotency-Key must be 1 to 128 printable ASCII characters', {
      next: ['use a fresh UUID for each request, and the same again only for its repeat'],
    });
  }
  const match = request.headers['if-match'];
  const groups = match === undefined ? undefined : ifMatchPattern.exec(match)?.groups;
  if (match !== undefined && groups === undefined) {
    throw new FixityError('invalid-input', 'If-Match must name a subject and its version', {
      next: ['If-Match: "environment/prod@3"'],
    });
  }
  return {
    ...(key === undefined ? {} : { commandId: key }),
    ...(groups === undefined
      ? {}
      : { ifMatch: { subject: groups['subject'] ?? '', version: Number(groups['version']) } }),
  };
}
