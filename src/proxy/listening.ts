import type { AddressInfo, ListenOptions, Server } from 'node:net';
import { createServer } from 'node:net';
import { FixityError } from '#kernel';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** @throws FixityError `invalid-input` when the text is not `HOST:PORT` (IPv6 in brackets). */
export function parseListen(text: string): ListenAddress {
  const groups = /^(?:\[(?<six>[0-9a-fA-F:.]+)\]|(?<host>[A-Za-z0-9._-]+)):(?<port>\d{1,5})$/.exec(text)?.groups;
  const port = Number(groups?.['port']);
  const host = groups?.['six'] ?? groups?.['host'];
  if (host === undefined || !(port <= 65_535)) {
    throw new FixityError('invalid-input', `"${text.slice(0, 100)}" is not HOST:PORT`, {
      next: ['--listen 127.0.0.1:7080'],
    });
  }
  return { host, port };
}

export function formatListen({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host);
}

/** Only Linux spreads connections over the processes that share a port, which take-over needs. */
const canShare = process.platform === 'linux';

/**
 * Listens so that a successor can listen on the same port before this process stops (SO_REUSEPORT).
 * @param sharing whether a predecessor is known to hold the port; otherwise a port that anyone holds is refused.
 * @throws FixityError `invalid-input` when the address cannot be listened on.
 */
export async function listen(server: Server, at: ListenAddress, sharing: boolean): Promise<ListenAddress> {
  let { port } = at;
  if (canShare && !sharing) {
    // Two programs that both set SO_REUSEPORT would silently split the traffic; one bind without it finds that out.
    const probe = createServer();
    port = (await bind(probe, { host: at.host, port }, at)).port;
    await new Promise((resolve) => probe.close(resolve));
  }
  return bind(server, { host: at.host, port, reusePort: canShare, backlog: 4_096 }, at);
}

async function bind(server: Server, options: ListenOptions, asked: ListenAddress): Promise<ListenAddress> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options, resolve);
  try {
    await promise;
  } catch (cause) {
    throw refusal(cause as NodeJS.ErrnoException, formatListen(asked));
  }
  server.off('error', reject);
  return { host: asked.host, port: (server.address() as AddressInfo).port };
}

function refusal(cause: NodeJS.ErrnoException, text: string): FixityError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another process listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'this machine does not have that address',
    ENOTFOUND: 'that name has no address',
  };
  const reason = reasons[cause.code ?? ''] ?? cause.message;
  return new FixityError('invalid-input', `cannot listen on ${text}: ${reason}`, {
    cause,
    next: ['give another address with --listen HOST:PORT'],
  });
}
