import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { choose } from './balance.ts';
import { blamesEndpoint, connectTimeout, openConnection } from './connect.ts';
import type { Endpoint } from './endpoint.ts';
import { requestFields, responseFields, trailerFields } from './forwarding.ts';
import type { Limits } from './limits.ts';
import { answerProblem, type Problem } from './problem.ts';
import { Relay } from './relay.ts';
import type { Target } from './request-target.ts';
import type { LiveRoute, Routing } from './routing.ts';
import { outcomeOf } from './traffic.ts';

/** What every exchange of one front shares. */
export interface Surroundings {
  readonly routing: Routing;
  readonly limits: Limits;
  readonly scheme: 'http' | 'https';
  readonly trustForwarded: boolean;
  readonly stopping: () => boolean;
}

/** RFC 9110, section 9.2.2: only these may be sent again by a proxy after they may have been received. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * One request and its answer, streamed both ways.
 *
 * A connection that is refused is tried elsewhere, whatever the method: nothing was sent. After that only an idempotent
 * request without a body is sent again, and only while no byte of an answer was seen. All others go out on a connection
 * of their own, so that they never meet a kept-alive one that its server is just closing.
 */
export class Exchange {
  readonly #around: Surroundings;
  readonly #target: Target;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #fields: string[];
  readonly #replayable: boolean;
  readonly #started = performance.now();
  /** Made when the first attempt fails. */
  #tried: Set<Endpoint> | undefined;
  #attempts = 0;
  #route: LiveRoute;
  #upstream: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #release: () => void = () => {};
  #over = false;

  constructor(
    around: Surroundings,
    target: Target,
    route: LiveRoute,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#around = around;
    this.#target = target;
    this.#route = route;
    this.#request = request;
    this.#response = response;
    this.#replayable = !target.hasBody && idempotent.has(request.method ?? '');
    const { scheme, trustForwarded } = around;
    this.#fields = requestFields(request, { target, scheme, trustForwarded, peer: request.socket.remoteAddress ?? '' });
  }

  start(): void {
    const { traffic } = this.#route;
    traffic.begin();
    this.#response.once('close', () => {
      this.#over = true;
      this.#release();
      if (this.#answer?.complete !== true || this.#upstream?.writableFinished !== true) this.#upstream?.destroy();
      const outcome = this.#response.headersSent ? outcomeOf(this.#response.statusCode) : 'aborted';
      traffic.end(outcome, (performance.now() - this.#started) / 1000);
    });
    this.#request.on('error', seenByClose);
    this.#response.on('error', seenByClose);
    this.#attempt();
  }

  #attempt(): void {
    const endpoint =
      this.#attempts < this.#around.limits.attempts ? choose(this.#route.shares, this.#tried) : undefined;
    if (endpoint === undefined) {
      this.#refuse(unserved(this.#route, this.#tried?.size ?? 0));
      return;
    }
    this.#attempts += 1;
    this.#release = endpoint.acquire();
    if (this.#replayable && this.#attempts === 1) {
      this.#send(endpoint, undefined);
      return;
    }
    openConnection(endpoint, this.#around.limits.connect).then(
      (socket) => (this.#over ? socket.destroy() : this.#send(endpoint, socket)),
      (error: Error) => this.#failed(endpoint, error, 'connecting'),
    );
  }

  /** @param socket a new connection; without one the endpoint's kept-alive connections are used. */
  #send(endpoint: Endpoint, socket: Socket | undefined): void {
    const { limits } = this.#around;
    const options: RequestOptions = {
      host: endpoint.address,
      port: endpoint.port,
      method: this.#request.method ?? 'GET',
      path: this.#target.path,
      headers: this.#fields,
      maxHeaderSize: 64 * 1024,
      insecureHTTPParser: false,
    };
    if (socket === undefined) options.agent = endpoint.agent;
    else options.createConnection = () => socket;
    const upstream = httpRequest(options);
    this.#upstream = upstream;
    let phase: Phase = upstream.reusedSocket ? 'reused' : 'sent';
    const late = setTimeout(() => {
      phase = 'late';
      upstream.destroy(new Error(`no answer within ${limits.answer} ms`));
    }, limits.answer);
    if (socket === undefined && !upstream.reusedSocket) {
      upstream.once('socket', (used) => {
        if (!used.connecting) {
          phase = 'reused';
          return;
        }
        phase = 'connecting';
        const timer = setTimeout(() => upstream.destroy(connectTimeout(endpoint, limits.connect)), limits.connect);
        used.once('connect', () => {
          phase = 'sent';
        });
        used.once('connect', () => clearTimeout(timer));
        used.once('close', () => clearTimeout(timer));
      });
    }
    upstream.once('response', (answer) => {
      clearTimeout(late);
      endpoint.readmit();
      this.#pass(answer);
    });
    upstream.on('continue', () => {
      if (!this.#response.headersSent) this.#response.writeContinue();
    });
    upstream.on('error', (error) => {
      clearTimeout(late);
      if (this.#upstream === upstream && this.#answer === undefined) this.#failed(endpoint, error, phase);
    });
    upstream.once('close', () => clearTimeout(late));
    this.#sendBody(upstream);
  }

  #sendBody(upstream: ClientRequest): void {
    if (!this.#target.hasBody) {
      upstream.end();
      return;
    }
    if (this.#request.headers.expect !== undefined) upstream.flushHeaders();
    this.#request.pipe(upstream, { end: false });
    this.#request.once('end', () => {
      const trailers = trailerFields(this.#request);
      if (trailers.length > 0 && this.#request.headers['transfer-encoding'] !== undefined)
        upstream.addTrailers(trailers);
      upstream.end();
    });
  }

  #pass(answer: IncomingMessage): void {
    const response = this.#response;
    this.#answer = answer;
    // Its end is seen by 'close'; a broken answer must end as a broken one at the client too.
    answer.on('error', seenByClose);
    answer.once('close', () => {
      if (!answer.complete) response.destroy();
    });
    // RFC 9110, section 10.1.1: a client that was never told to go on may or may not send its body.
    const close = this.#around.stopping() || (this.#request.headers.expect !== undefined && !this.#request.complete);
    try {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, responseFields(answer, close));
    } catch {
      answer.destroy();
      this.#refuse({
        status: 502,
        code: 'bad-answer',
        detail: `${this.#route.service} gave an answer that is not HTTP`,
      });
      return;
    }
    const body = new Relay(answer, response);
    answer.once('end', () => {
      if (!answer.complete) return;
      const trailers = trailerFields(answer);
      if (trailers.length > 0) response.addTrailers(trailers);
      body.end();
      this.#discardBody();
    });
    // A head without a body yet (server-sent events) goes out alone; otherwise both leave in one write.
    setImmediate(() => {
      if (response.writableEnded || response.destroyed) return;
      body.flush();
      response.flushHeaders();
    });
  }

  /** The answer is complete but the client is still sending: take what was on its way, then close. */
  #discardBody(): void {
    const request = this.#request;
    if (request.complete) return;
    if (this.#upstream !== undefined) request.unpipe(this.#upstream);
    request.resume();
    const { socket } = request;
    const timer = setTimeout(() => socket.destroy(), 2_000);
    request.once('close', () => clearTimeout(timer));
  }

  #failed(endpoint: Endpoint, error: Error, phase: Phase): void {
    this.#release();
    if (this.#over) return;
    if (phase === 'connecting' && blamesEndpoint(error)) endpoint.eject(this.#around.limits.ejection);
    if (phase !== 'connecting' && (!this.#replayable || phase === 'late')) {
      const late = phase === 'late';
      const said = late ? 'did not answer in time' : 'closed the connection before it answered';
      this.#refuse({
        status: late ? 504 : 502,
        code: late ? 'answer-late' : 'connection-lost',
        detail: `${this.#route.service} ${said}`,
        members: { instance: endpoint.instance },
      });
      return;
    }
    // A kept-alive connection that its server had closed says nothing about the server.
    if (phase !== 'reused') (this.#tried ??= new Set()).add(endpoint);
    this.#route = this.#around.routing.find(this.#target.host) ?? this.#route;
    this.#route.traffic.retried();
    this.#attempt();
  }

  #refuse(problem: Problem): void {
    const close = this.#target.hasBody || this.#around.stopping();
    answerProblem(
      this.#response,
      close ? { ...problem, headers: { ...problem.headers, connection: 'close' } } : problem,
    );
  }
}

/** What an 'error' says is seen by 'close' too. */
const seenByClose = (): void => {};

/** Where an attempt was when it failed: `reused` is after sending on a kept-alive connection. */
type Phase = 'connecting' | 'sent' | 'reused' | 'late';

/** Nothing is left to try. */
export function unserved(route: LiveRoute, tried: number): Problem {
  const headers = { 'retry-after': '1' };
  if (tried === 0) {
    return {
      status: 503,
      code: 'no-endpoint',
      detail: `${route.service} has no endpoint that takes requests`,
      headers,
    };
  }
  const detail = `${route.service} cannot be reached: ${tried} of ${route.shares.length} endpoints tried`;
  return { status: 502, code: 'unreachable', detail, headers };
}
