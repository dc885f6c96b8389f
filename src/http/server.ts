import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { FixityError } from '#kernel';

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM certificate chain and key; without them nothing but loopback is served. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly api: Answer;
  readonly oci: Answer;
  readonly ledger: Answer;
  /** Prometheus metrics, when the caller may read them. */
  readonly metrics: Answer;
  /** Empty when ready, else what is missing. */
  readonly ready: () => readonly string[];
}

export interface HttpServer {
  /** `http://127.0.0.1:7070` or `https://...`. */
  readonly origin: string;
  /** Refuses new connections, ends idle ones and waits for answers under way, at most that long. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Listens and hands every request to the room's part that serves it.
 * @throws FixityError `port-taken`, or `invalid-input` when the address is none of this machine's.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, tls } = options;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void Promise.resolve(dispatch(options, request, response)).catch(() => response.destroy());
  };
  const limits = { maxHeaderSize: 32 * 1024, headersTimeout: 20_000, requestTimeout: 0, keepAliveTimeout: 65_000 };
  const server =
    tls === undefined
      ? createPlainServer(limits, answer)
      : createSecureServer({ ...limits, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' }, answer);
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}`,
    stop: (graceMs) => stop(server, graceMs),
  };
}

function dispatch(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void | Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path.startsWith('/api/')) return options.api(request, response);
  if (path === '/v2' || path.startsWith('/v2/')) return options.oci(request, response);
  if (path.startsWith('/ledger/')) return options.ledger(request, response);
  if (path === '/metrics') return options.metrics(request, response);
  if (path === '/healthz') return plain(response, 200, 'ok\n');
  if (path === '/readyz') {
    const missing = options.ready();
    return missing.length === 0
      ? plain(response, 200, 'ready\n')
      : plain(response, 503, `not ready: ${missing.join(', ')}\n`);
  }
  return options.api(request, response);
}

function plain(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(body);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        new FixityError(
          taken ? 'port-taken' : 'invalid-input',
          `${host}:${port} cannot be listened on: ${taken ? 'another program has it' : cause.message}`,
          {
            next: ['fixity server --listen 127.0.0.1:7071', `ss -ltnp 'sport = :${port}'   (shows who has it)`],
            cause,
          },
        ),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
