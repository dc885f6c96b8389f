import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { choose } from './balance.ts';
import { blamesEndpoint, openConnection } from './connect.ts';
import type { Endpoint } from './endpoint.ts';
import { type Surroundings, unserved } from './exchange.ts';
import { requestFields, responseFields } from './forwarding.ts';
import { answerProblemRaw } from './problem.ts';
import type { Target } from './request-target.ts';
import type { LiveRoute } from './routing.ts';
import { outcomeOf } from './traffic.ts';

/** Whether a request asks for a protocol that is tunnelled. HTTP/2 in the clear is not: the request is then served as is. */
export function wantsTunnel(request: IncomingMessage): boolean {
  const { upgrade, 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
  return upgrade !== undefined && !/^h2c?$/i.test(upgrade) && length === '0' && coding === undefined;
}

export interface TunnelRequest {
  readonly target: Target;
  readonly route: LiveRoute;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes of the new protocol that came with the request. */
  readonly head: Buffer;
}

/** Carries an upgrade (RFC 9110, section 7.8): when the endpoint switches, bytes go both ways until both sides end. */
export async function openTunnel(around: Surroundings, asked: TunnelRequest): Promise<void> {
  const { route, request, socket } = asked;
  const started = performance.now();
  let status = 0;
  route.traffic.begin();
  socket.on('error', () => {});
  socket.once('close', () => {
    route.traffic.end(status === 0 ? 'aborted' : outcomeOf(status), (performance.now() - started) / 1000);
  });
  const reached = await reach(around, route, socket);
  if (reached === undefined) {
    const problem = unserved(route, route.shares.length);
    status = problem.status;
    answerProblemRaw(socket, problem);
    return;
  }
  const { endpoint, connection } = reached;
  socket.once('close', () => {
    if (status !== 101) connection.destroy();
  });
  const upstream = httpRequest({
    host: endpoint.address,
    port: endpoint.port,
    method: request.method ?? 'GET',
    path: asked.target.path,
    headers: requestFields(request, {
      target: asked.target,
      scheme: around.scheme,
      trustForwarded: around.trustForwarded,
      peer: request.socket.remoteAddress ?? '',
      upgrade: request.headers.upgrade ?? '',
    }),
    createConnection: () => connection,
    timeout: around.limits.answer,
  });
  upstream.once('upgrade', (answer, peer: Socket, first) => {
    status = 101;
    socket.write(headOf(answer, ['Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? '']), 'latin1');
    join(socket, peer, asked.head, first);
  });
  upstream.once('response', (answer) => {
    status = answer.statusCode ?? 502;
    socket.write(headOf(answer, ['Connection', 'close']), 'latin1');
    answer.on('error', () => socket.destroy());
    answer.pipe(socket);
  });
  upstream.once('timeout', () => {
    if (status === 0) upstream.destroy(new Error(`no answer within ${around.limits.answer} ms`));
  });
  upstream.on('error', () => {
    if (status !== 0) {
      socket.destroy();
      return;
    }
    status = 502;
    answerProblemRaw(socket, {
      status,
      code: 'connection-lost',
      detail: `${route.service} did not answer the upgrade`,
    });
  });
  upstream.end();
}

interface Reached {
  readonly endpoint: Endpoint;
  readonly connection: Socket;
}

/** Connects to one endpoint after another; what it gives is counted in flight until the client's connection closes. */
async function reach(around: Surroundings, route: LiveRoute, socket: Duplex): Promise<Reached | undefined> {
  const tried = new Set<Endpoint>();
  while (tried.size < around.limits.attempts && !socket.destroyed) {
    const endpoint = choose(route.shares, tried);
    if (endpoint === undefined) return undefined;
    const release = endpoint.acquire();
    try {
      const connection = await openConnection(endpoint, around.limits.connect, true);
      if (socket.destroyed) {
        connection.destroy();
        release();
        return undefined;
      }
      socket.once('close', release);
      return { endpoint, connection };
    } catch (error) {
      release();
      if (blamesEndpoint(error as Error)) endpoint.eject(around.limits.ejection);
      tried.add(endpoint);
      route.traffic.retried();
    }
  }
  return undefined;
}

function headOf(answer: IncomingMessage, connectionFields: readonly string[]): string {
  const fields = [...responseFields(answer, false), ...connectionFields];
  let text = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n`;
  for (let index = 0; index < fields.length; index += 2) text += `${fields[index]}: ${fields[index + 1]}\r\n`;
  return `${text}\r\n`;
}

/** An end of one side is passed on as an end; the death of one side is the death of both. */
function join(client: Duplex, peer: Socket, fromClient: Buffer, fromPeer: Buffer): void {
  for (const side of [client as Socket, peer]) {
    side.setTimeout(0);
    side.setNoDelay(true);
    side.setKeepAlive(true, 60_000);
  }
  peer.on('error', () => client.destroy());
  follow(client, peer);
  follow(peer, client);
  if (fromClient.length > 0) peer.write(fromClient);
  if (fromPeer.length > 0) client.write(fromPeer);
  client.pipe(peer);
  peer.pipe(client);
}

/** When one side is closed the other has nobody left to talk to; what was already on its way to it still goes out. */
function follow(closing: Duplex, other: Duplex): void {
  closing.once('close', () => {
    if (!closing.readableEnded || other.writableFinished) other.destroy();
    else other.once('finish', () => other.destroy());
  });
}
