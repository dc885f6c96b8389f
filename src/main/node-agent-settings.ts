import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FixityError, labelPattern } from '#kernel';

/** What a node agent is started with: flags, then `FIXITY_*` variables, then defaults. */
export interface NodeAgentSettings {
  readonly server: string;
  readonly data: string;
  readonly node: string;
  readonly proxy: string;
  readonly enrolment: () => string | undefined;
  readonly enrolmentComes: boolean;
  readonly network: 'auto' | 'own' | 'host';
}

const help = `fixity node-agent --server URL --data DIR

  --server URL           the server (FIXITY_SERVER, http://127.0.0.1:7070)
  --data DIR             where the node keeps its own (./fixity-data/node)
  --node NAME            its name: letters, digits, dashes (the host's name)
  --enrol TOKEN          one-time enrolment token, at the first start (FIXITY_ENROL)
  --enrol-file PATH      a file that holds one; read each time one is needed
  --proxy DIR            the proxy's folder (beside the data folder: ../proxy)
  --network own|host|auto  networks of instances (auto: own where possible)`;

/** @throws FixityError `invalid-input`. Answers undefined when help was asked for, and printed. */
export function readNodeAgentSettings(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): NodeAgentSettings | undefined {
  const values = parse(words);
  if (values.help === true) {
    process.stdout.write(`${help}\n`);
    return undefined;
  }
  const data = resolve(values.data ?? 'fixity-data/node');
  const token = values.enrol ?? env['FIXITY_ENROL'];
  const file = values['enrol-file'];
  return {
    server: readServer(values.server ?? env['FIXITY_SERVER'] ?? 'http://127.0.0.1:7070'),
    data,
    node: readNode(values.node),
    proxy: resolve(values.proxy ?? join(dirname(data), 'proxy')),
    enrolment: () => (token === undefined || token === '' ? file && readToken(file) : token),
    enrolmentComes: file !== undefined,
    network: readNetwork(values.network ?? 'auto'),
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        server: { type: 'string' },
        data: { type: 'string' },
        node: { type: 'string' },
        enrol: { type: 'string' },
        'enrol-file': { type: 'string' },
        proxy: { type: 'string' },
        network: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw refused((cause as Error).message.split('. ')[0] ?? 'a flag is wrong', cause);
  }
}

function readServer(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw refused(`"${text}" is not the address of a server`);
}

function readNode(name: string | undefined): string {
  const host = hostname().toLowerCase().split('.')[0] ?? '';
  const chosen =
    name ??
    (host
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 63) ||
      'node');
  if (labelPattern.test(chosen)) return chosen;
  throw refused(`"${chosen}" cannot name a node: use lower-case letters, digits and dashes`);
}

function readNetwork(text: string): NodeAgentSettings['network'] {
  if (text === 'auto' || text === 'own' || text === 'host') return text;
  throw refused(`"${text}" is not a kind of network: own, host or auto`);
}

/** Undefined while there is no such file, or nothing in it. */
function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function refused(sentence: string, cause?: unknown): FixityError {
  return new FixityError('invalid-input', sentence, { next: ['fixity node-agent --help'], cause });
}
