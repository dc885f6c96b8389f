import type { IncomingMessage } from 'node:http';
import { type Actor, demand } from '#identity';
import { FixityError } from '#kernel';
import { bearerOf } from '../api/credentials.ts';
import { OciRefusal } from './errors.ts';
import type { OciOptions } from './options.ts';
import type { OciPath } from './path.ts';

/** What the Bearer flow calls what is asked: the resource and the actions on it. */
interface Scope {
  readonly type: 'repository' | 'registry';
  readonly name: string;
  readonly action: 'pull' | 'push' | 'delete' | '*';
}

/**
 * Finds out who asks and whether they may. An API token opens what its role opens, as Bearer or as the password of
 * Basic; a token of the Bearer flow opens only the scopes that it names, too.
 * @throws OciRefusal `UNAUTHORIZED` with a challenge, or `DENIED`.
 */
export async function admit(options: OciOptions, request: IncomingMessage, path: OciPath): Promise<Actor> {
  const scope = scopeOf(path, request.method ?? 'GET');
  const given = bearerOf(request);
  const direct = given === undefined ? undefined : options.identity.authenticate(given);
  const opened = given === undefined || direct ? undefined : await options.identity.openRegistryToken(given);
  const actor = direct ?? opened?.actor;
  if (actor === undefined) throw challenge(options, request, scope, given !== undefined);
  const allowed = demand(actor, scope === undefined || isRead(scope) ? 'read' : 'push');
  const within =
    direct !== undefined ||
    scope === undefined ||
    opened?.access.some(
      ({ type, name, actions }) =>
        type === scope.type && name === scope.name && (actions.includes(scope.action) || actions.includes('*')),
    );
  if (within !== true) throw challenge(options, request, scope, false, 'insufficient_scope');
  return allowed;
}

const isRead = ({ action }: Scope) => action === 'pull' || action === '*';

function scopeOf(path: OciPath, method: string): Scope | undefined {
  if (path.kind === 'version' || path.kind === 'token') return undefined;
  if (path.kind === 'catalog') return { type: 'registry', name: 'catalog', action: '*' };
  const reads = method === 'GET' || method === 'HEAD';
  const uploads = path.kind === 'upload' || path.kind === 'uploads';
  const action = reads && !uploads ? 'pull' : method === 'DELETE' && !uploads ? 'delete' : 'push';
  return { type: 'repository', name: path.name, action };
}

function challenge(
  options: OciOptions,
  request: IncomingMessage,
  scope: Scope | undefined,
  given: boolean,
  error?: string,
): OciRefusal {
  const actions = scope?.action === 'push' ? 'pull,push' : scope?.action;
  const parts = [
    `realm="${originOf(options, request)}/v2/token"`,
    'service="fixity"',
    ...(scope === undefined ? [] : [`scope="${scope.type}:${quotable(scope.name)}:${actions}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ];
  const sentence =
    error === undefined
      ? given
        ? 'this token is not known here, has expired or was revoked'
        : 'this needs a token'
      : 'this registry token was not given for what is asked';
  return new OciRefusal('UNAUTHORIZED', unauthenticated(sentence), {
    headers: { 'WWW-Authenticate': `Bearer ${parts.join(',')}` },
  });
}

export function unauthenticated(sentence: string): FixityError {
  return new FixityError('unauthenticated', sentence, {
    next: ['log in with any user name and a Fixity token as the password, for example: skopeo login'],
  });
}

const hostPattern = /^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?$/;

/** Where clients find this server. A `Host` that is none is not echoed. */
function originOf({ origin }: OciOptions, request: IncomingMessage): string {
  if (origin !== undefined) return origin;
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  const host = request.headers.host ?? '';
  return `${scheme}://${hostPattern.test(host) ? host : `127.0.0.1:${request.socket.localPort}`}`;
}

const quotable = (name: string) => name.replaceAll(/[^a-z0-9._/-]/g, '');
