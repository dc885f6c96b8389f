import type { IncomingMessage, ServerResponse } from 'node:http';
import { FixityError } from '#kernel';
import { isRepository, requireRepository } from '#registry';
import { conditionsOf } from '../api/credentials.ts';
import { admit } from './access.ts';
import { send, sendJson } from './answer.ts';
import { getBlob } from './blobs.ts';
import { errorBody, OciRefusal, refusalOf } from './errors.ts';
import { answerCatalog, answerTags } from './listing.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import type { Exchange, OciOptions } from './options.ts';
import { type OciPath, parseOciPath } from './path.ts';
import { answerReferrers } from './referrers.ts';
import { answerToken } from './token.ts';
import { appendChunk, cancelUpload, finishUpload, startUpload, uploadStatus } from './uploads.ts';

const longestUrl = 8_192;

/**
 * The OCI distribution endpoints (distribution-spec 1.1) under `/v2/`, on plain Node requests so that blobs stream with
 * backpressure and are never held in memory. The handler answers every request itself and never rejects. The server it
 * is put on must not limit the duration of a request (`requestTimeout: 0`): a push takes as long as it takes.
 */
export function createOciHandler(options: OciOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const asked = parseOciPath(path);
    try {
      if ((request.url ?? '').length > longestUrl) throw tooLong();
      if (asked === undefined) throw noEndpoint(request.method ?? '', path);
      await answer(options, request, response, asked, new URLSearchParams(query));
    } catch (error) {
      refuse(options, request, response, refusalOf(error, asked?.kind ?? 'version'));
    }
  };
}

async function answer(
  options: OciOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: OciPath,
  query: URLSearchParams,
): Promise<void> {
  const method = request.method ?? 'GET';
  const endpoint = endpoints[path.kind][method];
  if (endpoint === undefined) throw wrongMethod(method, path);
  if (path.kind === 'token') return answerToken(options, request, response, query);
  // Who asks comes before what is asked: nobody unknown learns even whether a name is well formed.
  const actor = await admit(options, request, path);
  if ('name' in path && !isRepository(path.name)) throw badName(path.name);
  const { commandId } = conditionsOf({ headers: pick(request.headers['idempotency-key']) });
  const meta = { actor: actor.id, ...(commandId === undefined ? {} : { commandId }) };
  await endpoint(options, { request, response, query, actor, meta }, path);
}

type Endpoint = (options: OciOptions, exchange: Exchange, path: OciPath) => unknown;
type Of<K extends OciPath['kind']> = Extract<OciPath, { kind: K }>;

/** Ties an endpoint to the kind of path it serves. */
function at<K extends OciPath['kind']>(
  run: (options: OciOptions, exchange: Exchange, path: Of<K>) => unknown,
): Endpoint {
  return (options, exchange, path) => run(options, exchange, path as Of<K>);
}

const blob = at<'blob'>(({ store }, exchange, { name, digest }) => getBlob(store, exchange, name, digest));
const manifest = at<'manifest'>((options, exchange, { name, reference }) =>
  getManifest(options, exchange, name, reference),
);
const version: Endpoint = (_, { response }) => sendJson(response, 200, {});
const unused: Endpoint = () => undefined;

/** Every endpoint of the specification by path and method. */
const endpoints: Readonly<Record<OciPath['kind'], Readonly<Record<string, Endpoint>>>> = {
  version: { GET: version, HEAD: version },
  // Answered before anyone is admitted.
  token: { GET: unused, POST: unused },
  catalog: { GET: at<'catalog'>(answerCatalog) },
  tags: { GET: at<'tags'>((options, exchange, { name }) => answerTags(options, exchange, name)) },
  blob: { GET: blob, HEAD: blob },
  uploads: { POST: at<'uploads'>((options, exchange, { name }) => startUpload(options, exchange, name)) },
  upload: {
    GET: at<'upload'>((options, exchange, { name, id }) => uploadStatus(options, exchange, name, id)),
    PATCH: at<'upload'>((options, exchange, { name, id }) => appendChunk(options, exchange, name, id)),
    PUT: at<'upload'>((options, exchange, { name, id }) => finishUpload(options, exchange, name, id)),
    DELETE: at<'upload'>((options, exchange, { id }) => cancelUpload(options, exchange, id)),
  },
  manifest: {
    GET: manifest,
    HEAD: manifest,
    PUT: at<'manifest'>((options, exchange, { name, reference }) => putManifest(options, exchange, name, reference)),
    DELETE: at<'manifest'>((options, exchange, { name, reference }) =>
      deleteManifest(options, exchange, name, reference),
    ),
  },
  referrers: {
    GET: at<'referrers'>((options, exchange, { name, digest }) => answerReferrers(options, exchange, name, digest)),
  },
};

function refuse(options: OciOptions, request: IncomingMessage, response: ServerResponse, refusal: OciRefusal): void {
  // A client that has gone is no failure of ours: what it uploaded is kept and can be continued.
  if (request.destroyed && !request.complete) return;
  // Nor is one that has left in the middle of a pull.
  if (response.closed && refusal.error.code === 'internal') return;
  if (refusal.status >= 500) {
    options.log?.error('an OCI request failed', { error: refusal.error, method: request.method, url: request.url });
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (request.method === 'HEAD') return send(response, refusal.status, refusal.headers);
  sendJson(
    response,
    refusal.status,
    errorBody(refusal, (actor) => options.identity.directory.nameOf(actor)),
    refusal.headers,
  );
}

function pick(key: string | string[] | undefined): Record<string, string | string[]> {
  return key === undefined ? {} : { 'idempotency-key': key };
}

function badName(name: string): OciRefusal {
  try {
    requireRepository(name);
  } catch (error) {
    if (error instanceof FixityError) return new OciRefusal('NAME_INVALID', error);
  }
  return new OciRefusal('NAME_INVALID', new FixityError('invalid-input', 'this cannot name a repository'));
}

function noEndpoint(method: string, path: string): OciRefusal {
  const error = new FixityError('not-found', `there is no ${method} ${path.slice(0, 200)}`, {
    next: ['GET /v2/_catalog lists the repositories'],
  });
  return new OciRefusal('UNSUPPORTED', error);
}

function wrongMethod(method: string, path: OciPath): OciRefusal {
  const allowed = Object.keys(endpoints[path.kind]).join(', ');
  const kept = path.kind === 'blob' && method === 'DELETE';
  const error = new FixityError(
    'unsupported',
    kept ? 'a frozen blob is not deleted by its digest' : `${method} is not answered here`,
    { facts: [`answered are ${allowed}`], next: ['use one of these methods'] },
  );
  return new OciRefusal('UNSUPPORTED', error, { status: 405, headers: { Allow: allowed } });
}

function tooLong(): OciRefusal {
  const error = new FixityError('too-large', `a URL has at most ${longestUrl} characters here`, {
    next: ['send less in one request'],
  });
  return new OciRefusal('UNSUPPORTED', error, { status: 414 });
}
