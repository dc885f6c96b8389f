import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '#kernel';
import { createLogger, createMetrics } from '#telemetry';
import { type Proxy, type ProxyOptions, startProxy } from './proxy.ts';

export const testHost = 'checkout.prod.localhost';
export const service = 'prod/checkout';

/** A folder that is gone after the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'fixity-proxy-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A real server on a free port, closed after the test. */
export async function upstream(t: TestContext, listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

export function table(version: number, ports: readonly number[], names?: readonly string[]): string {
  const endpoints = ports.map((port, index) => ({
    instance: names?.[index] ?? `i${port}`,
    address: '127.0.0.1',
    port,
    weight: 1,
  }));
  return JSON.stringify({ version, routes: [{ hosts: [testHost], service, endpoints }] });
}

/** Writes the table as the node agent does: whole, then renamed. */
export function writeTable(path: string, text: string): void {
  writeFileSync(join(path, 'routes.json.new'), text);
  renameSync(join(path, 'routes.json.new'), join(path, 'routes.json'));
}

export async function proxyOn(t: TestContext, path: string, more: Partial<ProxyOptions> = {}): Promise<Proxy> {
  const proxy = await startProxy({
    folder: path,
    listen: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    log: createLogger({ name: 'proxy', level: 'silent' }),
    metrics: createMetrics(),
    ...more,
    limits: { linger: 20, grace: 500, ...more.limits },
  });
  t.after(() => proxy.stop());
  return proxy;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: NodeJS.Dict<string>;
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One request on a connection of its own, through the proxy or, with `socketPath`, to its control socket. */
export function ask(
  to: Proxy | { socketPath: string },
  { method = 'GET', path = '/', headers, body }: Ask = {},
): Promise<Answer> {
  const where = 'listen' in to ? { host: '127.0.0.1', port: portOf(to) } : to;
  return new Promise((resolve, reject) => {
    const options = { ...where, method, path, agent: false as const, headers: { host: testHost, ...headers } };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, trailers: response.trailers });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends bytes as they are and gives all that comes back until the connection closes. */
export function raw(proxy: Proxy, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(portOf(proxy), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

export function portOf(proxy: Proxy): number {
  return Number(proxy.listen.slice(proxy.listen.lastIndexOf(':') + 1));
}
