import { request } from 'node:http';
import { connect } from 'node:net';
import type { Endpoint } from './runtime.ts';
import type { HealthSpecification } from './specification.ts';

export interface Health {
  readonly healthy: boolean;
  /** One line for people: what was asked and what came back. */
  readonly detail: string;
}

/**
 * Asks an instance once whether it is well: `http` wants a 2xx or 3xx answer to GET, `tcp` a connection, both within
 * `timeoutMs`; `none` is content with a live process, which the caller knows. Never throws; an abort is unhealthy.
 */
export async function checkHealth(
  endpoint: Endpoint | undefined,
  specification: HealthSpecification,
  signal?: AbortSignal,
): Promise<Health> {
  if (specification.kind === 'none') return { healthy: true, detail: 'no health check' };
  if (endpoint === undefined) return { healthy: false, detail: 'no port to check' };
  const limit = AbortSignal.any([AbortSignal.timeout(specification.timeoutMs), ...(signal ? [signal] : [])]);
  const ask = specification.kind === 'http' ? `GET ${specification.path ?? '/'}` : 'connect';
  const where = `${ask} ${endpoint.address}:${endpoint.port}`;
  try {
    if (specification.kind === 'tcp') {
      await connected(endpoint, limit);
      return { healthy: true, detail: `${where}: connected` };
    }
    const status = await httpStatus(endpoint, specification.path ?? '/', limit);
    return { healthy: status >= 200 && status < 400, detail: `${where}: ${status}` };
  } catch (error) {
    return { healthy: false, detail: `${where}: ${reason(error, limit, specification.timeoutMs)}` };
  }
}

/** The endpoint a health check asks: the named port, else the first. */
export function healthEndpoint(
  endpoints: readonly Endpoint[],
  specification: HealthSpecification,
): Endpoint | undefined {
  if (specification.port === undefined) return endpoints[0];
  return endpoints.find((endpoint) => endpoint.name === specification.port);
}

function httpStatus(endpoint: Endpoint, path: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const { address: host, port } = endpoint;
    const asked = request({ host, port, path, agent: false, signal, headers: { 'user-agent': 'fixity-health' } });
    asked.once('response', (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    });
    asked.on('error', reject);
    asked.end();
  });
}

function connected(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: endpoint.address, port: endpoint.port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}

function reason(error: unknown, limit: AbortSignal, timeoutMs: number): string {
  if (limit.aborted) {
    const timedOut = limit.reason instanceof DOMException && limit.reason.name === 'TimeoutError';
    return timedOut ? `no answer within ${timeoutMs} ms` : 'given up';
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ECONNREFUSED') return 'connection refused';
  return error instanceof Error ? (code ?? error.message) : String(error);
}
