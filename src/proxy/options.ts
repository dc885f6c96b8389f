import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FixityError } from '#kernel';
import type { Tls } from './front.ts';
import { type ListenAddress, parseListen } from './listening.ts';

/** What the flags and the environment say; flags win. */
export interface ProxySettings {
  readonly folder: string;
  readonly listen: ListenAddress;
  readonly tls: Tls | undefined;
  readonly plaintextBeyondLoopback: boolean;
  readonly trustForwarded: boolean;
  readonly takeOver: boolean;
}

const flags = {
  data: { type: 'string' },
  listen: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'plaintext-beyond-loopback': { type: 'boolean' },
  'trust-forwarded': { type: 'boolean' },
  'take-over': { type: 'boolean' },
} as const;

const usage =
  'fixity proxy [--data DIR] [--listen HOST:PORT] [--tls-cert FILE --tls-key FILE] [--take-over] [--trust-forwarded]';

/**
 * Reads the settings of the proxy: `FIXITY_PROXY_DATA` and `FIXITY_PROXY_LISTEN` stand in for `--data` and `--listen`.
 * @throws FixityError `invalid-input` for an unknown or empty flag, or a certificate that cannot be read.
 */
export function readProxySettings(argv: readonly string[], environment: NodeJS.ProcessEnv): ProxySettings {
  const values = parse(argv);
  for (const [name, value] of Object.entries(values)) {
    if (value === '') throw new FixityError('invalid-input', `--${name} is empty`, { next: [usage] });
  }
  return {
    folder: values.data ?? (environment['FIXITY_PROXY_DATA'] || './fixity-data/proxy'),
    listen: parseListen(values.listen ?? (environment['FIXITY_PROXY_LISTEN'] || '127.0.0.1:7080')),
    tls: readTls(values['tls-cert'], values['tls-key']),
    plaintextBeyondLoopback: values['plaintext-beyond-loopback'] ?? false,
    trustForwarded: values['trust-forwarded'] ?? false,
    takeOver: values['take-over'] ?? false,
  };
}

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof flags }>>['values'] {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true }).values;
  } catch (cause) {
    throw new FixityError('invalid-input', (cause as Error).message, { cause, next: [usage] });
  }
}

function readTls(certificate: string | undefined, key: string | undefined): Tls | undefined {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new FixityError('invalid-input', '--tls-cert and --tls-key go together', { next: [usage] });
  }
  return { certificate: readPem(certificate), key: readPem(key) };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FixityError('invalid-input', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
