import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, may } from '#identity';
import { FixityError, toInstant } from '#kernel';
import { bearerOf } from '../api/credentials.ts';
import { unauthenticated } from './access.ts';
import { sendJson } from './answer.ts';
import { readBody } from './body.ts';
import { OciRefusal } from './errors.ts';
import type { OciOptions } from './options.ts';

type Access = { readonly type: string; readonly name: string; readonly actions: string[] };

const formLimit = 64 * 1024;
const mostScopes = 64;

/**
 * The token endpoint of the Bearer flow: GET with Basic (https://distribution.github.io/distribution/spec/auth/token/)
 * and POST with `grant_type=password` (https://distribution.github.io/distribution/spec/auth/oauth/). Nobody gets a
 * token without proving who they are.
 */
export async function answerToken(
  options: OciOptions,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) {
  const form = request.method === 'POST' ? await readForm(request) : undefined;
  if (form !== undefined && form.get('grant_type') !== 'password') {
    throw new OciRefusal(
      'UNSUPPORTED',
      new FixityError('unsupported', 'only grant_type=password is answered here', {
        next: ['send the Fixity token as the password'],
      }),
      { status: 400 },
    );
  }
  const secret = form === undefined ? bearerOf(request) : (form.get('password') ?? undefined);
  const actor = secret === undefined ? undefined : options.identity.authenticate(secret);
  if (actor === undefined) {
    const sentence =
      secret === undefined ? 'nobody gets in unnamed' : 'this token is not known here, has expired or was revoked';
    throw new OciRefusal('UNAUTHORIZED', unauthenticated(sentence), {
      headers: { 'WWW-Authenticate': 'Basic realm="fixity"' },
    });
  }
  const scopes = (form ?? query)
    .getAll('scope')
    .flatMap((scope) => scope.split(' '))
    .slice(0, mostScopes);
  const access = scopes.flatMap((scope) => grant(scope, actor));
  const { token, expiresInSeconds } = await options.identity.mintRegistryToken(actor, access);
  const issued = toInstant(options.clock.now());
  sendJson(response, 200, { token, access_token: token, expires_in: expiresInSeconds, issued_at: issued });
}

/** The part of a scope such as `repository:shop/checkout:pull,push` that the actor's role opens. */
function grant(scope: string, { role }: Actor): Access[] {
  const [, type, name, actions] = /^([a-z]+):([^\s]{1,300}):([a-z*,]{1,64})$/.exec(scope) ?? [];
  if (type === undefined || name === undefined || actions === undefined) return [];
  const writes = may(role, 'push');
  if (type === 'registry' && name === 'catalog' && may(role, 'read')) return [{ type, name, actions: ['*'] }];
  if (type !== 'repository') return [];
  const asked = actions.includes('*') ? ['pull', 'push', 'delete'] : actions.split(',');
  const granted = asked.filter(
    (action) => (action === 'pull' && may(role, 'read')) || ((action === 'push' || action === 'delete') && writes),
  );
  return granted.length === 0 ? [] : [{ type, name, actions: granted }];
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams(Buffer.from(await readBody(request, formLimit, 'a token request')).toString('utf8'));
}
