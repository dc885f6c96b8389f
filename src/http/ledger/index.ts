import type { IncomingMessage, ServerResponse } from 'node:http';
import { asFixityError, FixityError } from '#kernel';
import { type LedgerReader, parseTilePath } from '#ledger';
import { problemOf } from '../api/problem.ts';

export interface LedgerHandlerOptions {
  readonly reader: LedgerReader;
  /** The log's verifier key (C2SP signed-note). */
  readonly key: string;
  /** Whether this caller may read; the key is public in any case. */
  readonly mayRead: (request: IncomingMessage) => boolean;
}

const text = 'text/plain; charset=utf-8';
const final = 'public, max-age=31536000, immutable';

/** Serves the ledger to any tlog client (C2SP tlog-tiles): `/ledger/checkpoint`, `/ledger/tile/...`, `/ledger/key`. */
export function createLedgerHandler(
  options: LedgerHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      const path = (request.url ?? '').split('?')[0]?.slice('/ledger/'.length) ?? '';
      if (request.method !== 'GET' && request.method !== 'HEAD') throw nothingAt(request.method ?? '', path);
      const { type, bytes, cache } = await find(options, request, path);
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, 'cache-control': cache });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    } catch (error) {
      const problem = problemOf(asFixityError(error));
      response.writeHead(problem.status, {
        'content-type': 'application/problem+json',
        ...(problem.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="fixity"' } : {}),
      });
      response.end(JSON.stringify(problem));
    }
  };
}

interface Found {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly cache: string;
}

async function find(
  { reader, key, mayRead }: LedgerHandlerOptions,
  request: IncomingMessage,
  path: string,
): Promise<Found> {
  if (path === 'key') return { type: text, bytes: Buffer.from(`${key}\n`), cache: 'no-cache' };
  if (!mayRead(request)) {
    throw new FixityError('unauthenticated', 'reading the ledger needs a token', {
      next: ['send Authorization: Bearer <token>', 'fixity server --open ledger   (lets everybody read it)'],
    });
  }
  if (path === 'checkpoint') {
    const head = await reader.head();
    if (head === undefined) throw new FixityError('not-found', 'the ledger holds nothing yet');
    return { type: text, bytes: Buffer.from(head.checkpoint), cache: 'no-cache' };
  }
  const tile = parseTilePath(path);
  if (tile === undefined) throw nothingAt('GET', path);
  const bytes =
    tile.kind === 'entries'
      ? await reader.bundle(tile.index, tile.width)
      : await reader.tile(tile.level, tile.index, tile.width);
  return { type: 'application/octet-stream', bytes, cache: final };
}

function nothingAt(method: string, path: string): FixityError {
  return new FixityError('not-found', `there is no ${method} /ledger/${path.slice(0, 200)}`, {
    next: ['GET /ledger/checkpoint', 'GET /ledger/tile/0/000.p/1'],
  });
}
