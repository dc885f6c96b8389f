import { createServer } from 'node:net';
import { FixityError } from '#kernel';
import type { Endpoint, PortSpecification } from '#node-agent';
import { mentionsPort } from './render.ts';

const loopback = '127.0.0.1';
const firstDefault = 8080;

/** Endpoints in a network of the instance's own: every number is free, undeclared ones count from 8080. */
export function ownEndpoints(ports: readonly PortSpecification[], address: string): Endpoint[] {
  const declared = new Set(ports.map((port) => port.number));
  const free = Array.from({ length: 2 * ports.length }, (_, index) => firstDefault + index).filter(
    (number) => !declared.has(number),
  );
  return ports.map(({ name, number }) => ({ name, address, port: number ?? free.shift() ?? firstDefault }));
}

/**
 * Endpoints in the machine's network: a number is used as declared only when nothing asks for the port by placeholder;
 * otherwise a free one is chosen that is not in `taken`.
 * @throws FixityError `port-taken` when a declared number is in use.
 */
export async function sharedEndpoints(
  ports: readonly PortSpecification[],
  texts: readonly string[],
  taken: ReadonlySet<number>,
): Promise<Endpoint[]> {
  const endpoints: Endpoint[] = [];
  const chosen = new Set(taken);
  for (const [index, { name, number }] of ports.entries()) {
    const fixed = number !== undefined && !mentionsPort(texts, name, index === 0);
    const port = fixed ? await declaredPort(number, name, chosen) : await freePort(chosen);
    chosen.add(port);
    endpoints.push({ name, address: loopback, port });
  }
  return endpoints;
}

async function declaredPort(number: number, name: string, taken: ReadonlySet<number>): Promise<number> {
  const bound = taken.has(number) ? undefined : await tryListen(number, '0.0.0.0').catch((error: unknown) => error);
  if (bound === number) return number;
  // Whether the instance may bind it is for the instance to say: it may run as another user.
  if (bound instanceof Error && 'code' in bound && bound.code === 'EACCES') return number;
  throw new FixityError('port-taken', `port ${number} ("${name}") is already in use on this node`, {
    next: ['let the program listen on {{port}}, so that several instances can run side by side'],
    cause: bound,
  });
}

async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = await tryListen(0, loopback);
    if (!taken.has(port)) return port;
  }
  throw new FixityError('port-taken', 'no free port was found on this node');
}

function tryListen(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
