import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger, Metrics } from '#telemetry';
import { Exchange, type Surroundings } from './exchange.ts';
import type { Limits } from './limits.ts';
import { answerProblem, answerProblemRaw, type Problem } from './problem.ts';
import { readTarget, requestBounds, type Target } from './request-target.ts';
import type { LiveRoute, Routing } from './routing.ts';
import { openTunnel, wantsTunnel } from './tunnel.ts';

export interface Tls {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export interface FrontOptions {
  readonly routing: Routing;
  readonly limits: Limits;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly trustForwarded: boolean;
  readonly tls?: Tls | undefined;
}

/** Hosts named in an answer to an unknown one; the rest are counted. */
const hostsShown = 50;

/** The side that clients see: reads requests, finds their route, and hands them over. */
export class Front {
  readonly server: Server;
  readonly #options: FrontOptions;
  readonly #around: Surroundings;
  readonly #sockets = new Set<Socket>();
  readonly #refused: (reason: string) => void;
  #active = 0;
  #stopping = false;
  #quiet: () => void = () => {};

  constructor(options: FrontOptions) {
    const { routing, limits, trustForwarded, tls, metrics } = options;
    this.#options = options;
    const scheme = tls === undefined ? 'http' : 'https';
    this.#around = { routing, limits, trustForwarded, scheme, stopping: () => this.#stopping };
    const refused = metrics.counter({
      name: 'fixity_proxy_refused_total',
      help: 'Requests that reached no service, by reason.',
      labels: ['reason'],
    });
    this.#refused = (reason) => refused.with({ reason }).add();
    this.server = this.#serve(tls);
  }

  /** No new connection is taken; the port is free when this returns. */
  stopAccepting(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    // Not http.Server's close: that one cuts idle clients off at once, and one may be sending its next request.
    NetServer.prototype.close.call(this.server);
  }

  /** Lets idle clients ask once more and requests in flight finish, within the limits; then closes what is left. */
  async drain(): Promise<void> {
    const { linger, grace } = this.#options.limits;
    await this.#until(() => this.#sockets.size === 0, linger);
    this.server.closeIdleConnections();
    await this.#until(() => this.#active === 0, grace);
    if (this.#active > 0) this.#options.log.warn('requests were cut off', { requests: this.#active });
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(tls: Tls | undefined): Server {
    const { limits, log } = this.#options;
    const options = {
      maxHeaderSize: requestBounds.headerBytes,
      headersTimeout: limits.head,
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1_000, limits.head),
      keepAliveTimeout: limits.idle,
      insecureHTTPParser: false,
      requireHostHeader: false,
      noDelay: true,
      shouldUpgradeCallback: wantsTunnel,
    };
    const server =
      tls === undefined
        ? createServer(options)
        : createTlsServer({ ...options, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' });
    server.maxHeadersCount = 0;
    server.maxConnections = limits.connections;
    server.timeout = limits.silence;
    server.on('request', (request, response) => this.#take(request, response));
    server.on('checkContinue', (request, response) => this.#take(request, response));
    server.on('upgrade', (request, socket, head) => this.#takeTunnel(request, socket, head));
    server.on('connect', (_request, socket) => answerProblemRaw(socket, noConnect));
    server.on('clientError', (error, socket) => this.#malformed(error, socket));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#quiet();
      });
    });
    server.on('drop', () => this.#refused('too-many-connections'));
    server.on('error', (error) => log.error('accepting failed', { error }));
    return server;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    this.#count(response);
    const found = this.#route(request);
    if ('route' in found) {
      new Exchange(this.#around, found.target, found.route, request, response).start();
      return;
    }
    this.#refused(found.code);
    const unread = request.headers['content-length'] ?? request.headers['transfer-encoding'];
    const close = this.#stopping || unread !== undefined;
    answerProblem(response, close ? { ...found, headers: { ...found.headers, connection: 'close' } } : found);
  }

  #takeTunnel(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#count(socket);
    socket.on('error', () => {});
    const found = this.#route(request);
    if ('route' in found) {
      openTunnel(this.#around, { ...found, request, socket, head }).catch((error: unknown) => {
        this.#options.log.error('a tunnel failed', { error });
        socket.destroy();
      });
      return;
    }
    this.#refused(found.code);
    answerProblemRaw(socket, found);
  }

  #route(request: IncomingMessage): { target: Target; route: LiveRoute } | Problem {
    const target = readTarget(request);
    if ('status' in target) return target;
    const route = this.#options.routing.find(target.host);
    return route === undefined ? unknownHost(target.host, this.#options.routing.hosts()) : { target, route };
  }

  #count(exchange: ServerResponse | Duplex): void {
    this.#active += 1;
    exchange.once('close', () => {
      this.#active -= 1;
      this.#quiet();
    });
  }

  #malformed(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = malformed(error.code ?? '');
    this.#refused(problem.code);
    answerProblemRaw(socket, problem);
  }

  async #until(condition: () => boolean, milliseconds: number): Promise<void> {
    if (condition()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#quiet = () => {
      if (condition()) resolve();
    };
    await promise;
    clearTimeout(timer);
    this.#quiet = () => {};
  }
}

const noConnect: Problem = { status: 405, code: 'no-connect', detail: 'CONNECT is not served here' };

function unknownHost(host: string, hosts: readonly string[]): Problem {
  return {
    status: 404,
    code: 'unknown-host',
    detail: `nothing is routed for host ${host}`,
    members: { hosts: hosts.slice(0, hostsShown), moreHosts: Math.max(0, hosts.length - hostsShown) },
  };
}

/** @param code what the parser says, or `ERR_HTTP_REQUEST_TIMEOUT`. */
function malformed(code: string): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const detail = `the head of the request is larger than ${requestBounds.headerBytes} bytes`;
    return { status: 431, code: 'head-too-large', detail };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, code: 'head-late', detail: 'the head of the request did not arrive in time' };
  }
  return { status: 400, code: 'bad-request', detail: 'the request is not HTTP/1.1' };
}
