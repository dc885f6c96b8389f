import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { FixityError } from '#kernel';

const schema = z.object({
  current: z.string().optional(),
  servers: z.record(z.string(), z.object({ token: z.string() })),
});
type Credentials = z.output<typeof schema>;

export const defaultServer = 'http://127.0.0.1:7070';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where sign-ins are kept: `$XDG_CONFIG_HOME/fixity/credentials.json`, readable by its owner only. */
export function credentialsPath(env: Environment): string {
  return join(env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config'), 'fixity', 'credentials.json');
}

function read(env: Environment): Credentials {
  const path = credentialsPath(env);
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { servers: {} };
    throw new FixityError('invalid-input', `${path} cannot be read as credentials`, {
      next: [`rm ${path}`, 'fixity login'],
      cause,
    });
  }
}

/** Keeps a sign-in and makes its server the current one. */
export function saveCredentials(env: Environment, server: string, token: string): string {
  const path = credentialsPath(env);
  const known = read(env);
  const next: Credentials = { current: server, servers: { ...known.servers, [server]: { token } } };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
  return path;
}

/** `FIXITY_SERVER` and `FIXITY_TOKEN`, then the kept sign-in, then the default server without a token. */
export function signedIn(env: Environment): { server: string; token: string | undefined } {
  const known = env['FIXITY_SERVER'] !== undefined && env['FIXITY_TOKEN'] !== undefined ? { servers: {} } : read(env);
  const server = (env['FIXITY_SERVER'] ?? known.current ?? defaultServer).replace(/\/+$/, '');
  return { server, token: env['FIXITY_TOKEN'] ?? known.servers[server]?.token };
}
