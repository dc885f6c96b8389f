import { createInterface } from 'node:readline/promises';
import { buildCommand } from '@stricli/core';
import { createClient } from '#client';
import { FixityError } from '#kernel';
import type { Context } from './context.ts';
import { saveCredentials, signedIn } from './credentials.ts';
import * as flag from './flags.ts';

export default buildCommand({
  docs: { brief: 'Sign this terminal in, with a token read from standard input or FIXITY_TOKEN' },
  parameters: {
    flags: {
      server: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'The server (FIXITY_SERVER, or the last one)',
        optional: true,
        placeholder: 'url',
      },
    },
  },
  async func(this: Context, flags: { readonly server?: string }) {
    const server = (flags.server ?? signedIn(this.env).server).replace(/\/+$/, '');
    if (!URL.canParse(server))
      throw new FixityError('invalid-input', `"${server}" is not an address`, {
        next: ['fixity login --server http://127.0.0.1:7070'],
      });
    const token = this.env['FIXITY_TOKEN'] ?? (await askToken());
    if (token === '')
      throw new FixityError('invalid-input', 'no token was given', { next: ['echo "$TOKEN" | fixity login'] });
    const who = await createClient({ server, token }).call('whoAmI', {});
    const path = saveCredentials(this.env, server, token);
    this.print(`Signed in to ${server} as ${who.name ?? who.actor} (${who.role}); kept in ${path}.\nNext: fixity live`);
  },
});

async function askToken(): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  if (process.stdin.isTTY) process.stderr.write('Token: ');
  for await (const line of lines) {
    lines.close();
    return line.trim();
  }
  return '';
}
