import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FixityError } from '#kernel';

/** What a server is started with: flags, then `FIXITY_*` variables, then defaults. */
export interface ServerSettings {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** The bootstrap token, when the operator chose one. */
  readonly token?: string;
  readonly user?: string;
  /** What everybody may read without a token. */
  readonly open: ReadonlySet<'ledger' | 'metrics'>;
  /** Folds the views anew. */
  readonly rebuild: boolean;
  /** The name in the ledger's checkpoints when this start makes the ledger. */
  readonly origin: string;
  /** The version of Fixity that runs. */
  readonly version: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const help = `fixity server --data DIR --listen HOST:PORT

  --data DIR             where everything is kept (FIXITY_DATA, ./fixity-data)
  --listen HOST:PORT     where to answer (FIXITY_LISTEN, 127.0.0.1:7070)
  --tls-cert FILE        certificate chain, PEM; needed beyond loopback
  --tls-key FILE         its key, PEM
  --open ledger,metrics  what may be read without a token
  --origin NAME          the ledger's name, at its first start (fixity.local/HOST)
  --rebuild-views        fold the views anew from the ledger
FIXITY_TOKEN chooses the bootstrap token; else one is made and shown once.`;

/** @throws FixityError `invalid-input`. Answers undefined when help was asked for, and printed. */
export function readServerSettings(words: readonly string[], env: Environment): ServerSettings | undefined {
  const values = parse(words);
  if (values.help === true) {
    process.stdout.write(`${help}\n`);
    return undefined;
  }
  const { host, port } = parseListen(values.listen ?? env['FIXITY_LISTEN'] ?? '127.0.0.1:7070');
  const tls = readTls(values['tls-cert'] ?? env['FIXITY_TLS_CERT'], values['tls-key'] ?? env['FIXITY_TLS_KEY']);
  demandTls(host, tls);
  const token = env['FIXITY_TOKEN'];
  const user = env['FIXITY_USER'] ?? userName();
  return {
    data: resolve(values.data ?? env['FIXITY_DATA'] ?? 'fixity-data'),
    host,
    port,
    ...(tls === undefined ? {} : { tls }),
    ...(token === undefined || token === '' ? {} : { token }),
    ...(user === undefined ? {} : { user }),
    open: readOpen(values.open ?? env['FIXITY_OPEN'] ?? ''),
    rebuild: values['rebuild-views'] === true,
    origin: values.origin ?? env['FIXITY_ORIGIN'] ?? `fixity.local/${hostname().toLowerCase()}`,
    version: readVersion(),
  };
}

function parse(words: readonly string[]) {
  const values = parseFlags(words);
  const empty = Object.entries(values).find(([, value]) => value === '');
  if (empty === undefined) return values;
  throw new FixityError('invalid-input', `--${empty[0]} is empty`, { next: ['fixity server --help'] });
}

function parseFlags(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        data: { type: 'string' },
        listen: { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        open: { type: 'string' },
        origin: { type: 'string' },
        'rebuild-views': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new FixityError('invalid-input', (cause as Error).message.split('. ')[0] ?? 'a flag is wrong', {
      next: ['fixity server --help'],
      cause,
    });
  }
}

function parseListen(text: string): { host: string; port: number } {
  const found = /^(?:\[(?<six>[0-9a-f:]+)\]|(?<host>[^:\s]+)):(?<port>\d{1,5})$/i.exec(text)?.groups;
  const port = Number(found?.['port']);
  const host = found?.['six'] ?? found?.['host'];
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new FixityError('invalid-input', `"${text}" is not HOST:PORT`, {
    next: ['fixity server --listen 127.0.0.1:7070'],
  });
}

function readTls(certificate: string | undefined, key: string | undefined): ServerSettings['tls'] {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new FixityError('invalid-input', 'a certificate and its key are given together', {
      next: ['fixity server --tls-cert FILE --tls-key FILE'],
    });
  }
  return { certificate: readPem(certificate), key: readPem(key) };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FixityError('invalid-input', `${path} cannot be read: ${(cause as Error).message}`, {
      next: ['name a PEM file that this user may read'],
      cause,
    });
  }
}

function readOpen(text: string): ReadonlySet<'ledger' | 'metrics'> {
  const words = text.split(',').filter((word) => word !== '');
  const wrong = words.find((word) => word !== 'ledger' && word !== 'metrics');
  if (wrong !== undefined) {
    throw new FixityError('invalid-input', `"${wrong}" cannot be opened to everybody`, {
      next: ['--open ledger,metrics'],
    });
  }
  return new Set(words as ('ledger' | 'metrics')[]);
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const loopback = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** @throws FixityError `invalid-input` when tokens would cross the network readable to everybody. */
function demandTls(host: string, tls: ServerSettings['tls']): void {
  if (tls !== undefined || loopback.test(host)) return;
  throw new FixityError('invalid-input', `${host} is not loopback, and there is no certificate`, {
    facts: ['tokens would cross the network readable to everybody'],
    next: ['fixity server --listen HOST:PORT --tls-cert FILE --tls-key FILE'],
  });
}
