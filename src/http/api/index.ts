import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { ZodError, z } from 'zod';
import { type Action, issueText, type Route, type RouteName, routes } from '#contract';
import { type Actor, demand } from '#identity';
import { asFixityError, FixityError } from '#kernel';
import type { Logger } from '#telemetry';
import { bearerOf, conditionsOf } from './credentials.ts';
import type { Caller, Handlers } from './handlers.ts';
import { openApiDocument } from './openapi.ts';
import { problemOf } from './problem.ts';

export interface ApiOptions {
  readonly handlers: Handlers;
  authenticate(bearer: string): Actor | undefined;
  readonly version: string;
  readonly log: Logger;
  /** Called when an answer has gone out: the route's name, the status and how long it took. */
  readonly answered: (route: string, status: number, seconds: number) => void;
}

/** Largest body of an API request: enough for a rollout of 500 services. */
const bodyLimit = 4 * 1024 * 1024;

/** How much of a refused body is still taken. */
const largestReadAway = 64 * 1024 * 1024;

/** The API under `/api/v1`, as a handler of plain Node requests. */
export async function createApi(
  options: ApiOptions,
): Promise<(request: IncomingMessage, response: ServerResponse) => void> {
  const app = fastify({
    bodyLimit,
    logger: false,
    routerOptions: { maxParamLength: 700 },
    // What the router itself cannot read: a broken percent-encoding, an overlong parameter.
    frameworkErrors: (error, _, reply) => void refuse(reply as unknown as FastifyReply, refusalOf(error)),
  });
  const openApi = JSON.stringify(openApiDocument(options.version));
  app.get('/api/v1/openapi.json', (_, reply) => reply.type('application/json').send(openApi));
  for (const [name, route] of Object.entries(routes) as [RouteName, Route][]) addRoute(app, name, route, options);
  app.setNotFoundHandler((request, reply) =>
    refuse(
      reply,
      new FixityError('not-found', `there is no ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}`, {
        next: ['GET /api/v1/openapi.json lists every route'],
      }),
    ),
  );
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'too-large') await readAway(request.raw);
    if (refusal.code === 'internal') options.log.error('a request failed', { error, route: request.routeOptions.url });
    return refuse(reply, refusal);
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
}

function addRoute(app: FastifyInstance, name: RouteName, route: Route, options: ApiOptions): void {
  app.route({
    method: route.method,
    url: `/api/v1${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    handler: async (request, reply) => {
      const started = performance.now();
      reply.raw.once('close', () => {
        options.answered(name, reply.statusCode, (performance.now() - started) / 1000);
      });
      const caller = callerOf(request, reply, route.action, options);
      const input = {
        parameters: check(route.parameters, request.params, 'the path'),
        query: check(route.query, request.query ?? {}, 'the query'),
        body: check(route.body, request.body === undefined ? {} : request.body, 'the body'),
      };
      return options.handlers[name](input as never, caller);
    },
  });
}

function callerOf(request: FastifyRequest, reply: FastifyReply, action: Action, options: ApiOptions): Caller {
  const gone = new AbortController();
  // An abort builds an exception and its stack: not for every answer that went out whole.
  reply.raw.once('close', () => reply.raw.writableFinished || gone.abort());
  const conditions = { ...conditionsOf(request), signal: gone.signal };
  if (action === 'open') return { actor: anonymous, ...conditions };
  const bearer = bearerOf(request);
  const actor = bearer === undefined ? undefined : options.authenticate(bearer);
  if (actor === undefined && bearer !== undefined) {
    throw new FixityError('unauthenticated', 'this token is not known here, has expired or was revoked', {
      next: ['fixity login', 'or send Authorization: Bearer <token>'],
    });
  }
  return { actor: demand(actor, action), ...conditions };
}

/** Whoever calls a route that is open to everybody. */
const anonymous: Actor = { id: 'system:anonymous', role: 'reader', token: '' };

function check(schema: z.ZodType, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error, where);
}

function invalid(error: ZodError, where: string): FixityError {
  const facts = error.issues.slice(0, 10).map(issueText);
  return new FixityError('invalid-input', `${where} of this request is not as the API expects`, {
    facts,
    next: ['GET /api/v1/openapi.json says what each route takes'],
  });
}

function refusalOf(error: unknown): FixityError {
  const status = (error as { statusCode?: number }).statusCode;
  if (!(error instanceof FixityError) && status !== undefined && status < 500) {
    const code = status === 413 ? 'too-large' : 'invalid-input';
    const next =
      status === 413
        ? [`stay under ${bodyLimit} bytes`]
        : ['send a JSON body with Content-Type: application/json', 'GET /api/v1/openapi.json lists every route'];
    return new FixityError(code, (error as Error).message, { next });
  }
  return asFixityError(error);
}

/** A client that is still sending would never see the answer: takes what comes, within reason, before it goes out. */
async function readAway(request: IncomingMessage): Promise<void> {
  let left = largestReadAway;
  try {
    for await (const piece of request) if ((left -= (piece as Buffer).length) < 0) return;
  } catch {
    // It broke off: nobody is left to answer.
  }
}

function refuse(reply: FastifyReply, error: FixityError): FastifyReply {
  const problem = problemOf(error);
  if (error.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer realm="fixity"');
  if (error.retryable) void reply.header('retry-after', '1');
  return reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
