import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** The right to be the one proxy of a folder. It ends with the process that holds it, however that ends. */
export interface Claim {
  release(): Promise<void>;
}

/**
 * Claims a folder; undefined when another process holds it. On Linux the claim is a name in the abstract socket
 * namespace (unix(7)), which the kernel gives to one process at a time. Elsewhere it is always given, and only the
 * control socket tells whether somebody is there.
 */
export async function claimFolder(folder: string): Promise<Claim | undefined> {
  if (process.platform !== 'linux') return { release: async () => {} };
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 40);
  const server = createServer((socket) => socket.destroy());
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ path: `\0fixity-proxy-${name}` }, () => resolve(true));
  });
  if (!held) return undefined;
  server.unref();
  return { release: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
