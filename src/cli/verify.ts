import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildCommand } from '@stricli/core';
import { FixityError } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';

interface Flags {
  readonly data?: string;
  readonly key?: string;
  readonly json?: boolean;
}

export default buildCommand({
  docs: {
    brief: 'Check a data folder to the last byte, or a proof offline',
    fullDescription:
      'fixity verify                            every leaf, tile, root, signature, blob and view of ./fixity-data\nfixity verify answer.proof --key KEY     a proof, with nothing else at hand',
  },
  parameters: {
    flags: {
      data: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'The data folder (FIXITY_DATA, or ./fixity-data)',
        optional: true,
        placeholder: 'folder',
      },
      key: {
        kind: 'parsed',
        parse: flag.text,
        brief: "The log's verifier key, or a file that holds it",
        optional: true,
        placeholder: 'key',
      },
      json: flag.json,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'A proof written by --proof', parse: flag.text, placeholder: 'file', optional: true }],
    },
  },
  async func(this: Context, flags: Flags, file?: string) {
    const report =
      file === undefined
        ? await this.verifyFolder(folderOf(this, flags), keyOf(this, flags), this.progress)
        : await verifyFile(this, file, flags);
    if (flags.json) this.print(JSON.stringify(report, null, 2));
    else
      this.print(
        [
          ...report.lines,
          ...report.problems.map((problem) => `TAMPERED ${problem}`),
          report.problems.length === 0
            ? 'Next: fixity live'
            : 'Next: keep this copy as evidence; restore from a backup and compare checkpoints',
        ].join('\n'),
      );
    if (report.problems.length > 0) this.exitCode(4);
  },
});

function folderOf(context: Context, flags: Flags): string {
  return resolve(context.cwd, flags.data ?? context.env['FIXITY_DATA'] ?? 'fixity-data');
}

/** The key as given, or read from the file that is named. */
function keyOf(context: Context, { key }: Flags): string | undefined {
  if (key === undefined || /^[^\s+]+\+[0-9a-f]{8}\+/.test(key)) return key;
  try {
    return readFileSync(resolve(context.cwd, key), 'utf8').trim();
  } catch (cause) {
    throw new FixityError('invalid-input', `${key} is neither a verifier key nor a file that holds one`, {
      next: ['curl SERVER/ledger/key > log.key   (over a connection you trust)'],
      cause,
    });
  }
}

async function verifyFile(context: Context, file: string, flags: Flags) {
  const key = keyOf(context, flags);
  if (key === undefined) {
    throw new FixityError('invalid-input', 'a proof is checked with the key of the log', {
      next: [`fixity verify ${file} --key KEY`],
    });
  }
  const { verifyProof } = await import('#audit');
  let bundle: unknown;
  try {
    bundle = JSON.parse(readFileSync(resolve(context.cwd, file), 'utf8'));
  } catch (cause) {
    throw new FixityError('invalid-input', `${file} cannot be read as a proof`, {
      next: ['fixity live --proof FILE'],
      cause,
    });
  }
  return verifyProof(bundle, key);
}
