import { buildCommand, buildRouteMap } from '@stricli/core';
import type { Role } from '#contract';
import { toInstant } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { table } from './table.ts';
import { fullTime, shortTime } from './times.ts';

const create = buildCommand({
  docs: { brief: 'Issue a token; it is shown once' },
  parameters: {
    flags: {
      role: { kind: 'enum', values: ['admin', 'deployer', 'reader'], brief: 'What it may do', default: 'deployer' },
      days: {
        kind: 'parsed',
        parse: flag.wholeNumber,
        brief: 'Ends after this many days',
        optional: true,
        placeholder: 'days',
      },
      json: flag.json,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Whose it is, for people', parse: flag.text, placeholder: 'name' }],
    },
  },
  async func(
    this: Context,
    flags: { readonly role: Exclude<Role, 'node'>; readonly days?: number; readonly json?: boolean },
    name: string,
  ) {
    const { role } = flags;
    const expiry = flags.days === undefined ? {} : { expiresInSeconds: flags.days * 86_400 };
    const issued = await this.client().call('issueToken', { body: { name, role, ...expiry } });
    if (flags.json) return this.print(JSON.stringify(issued, null, 2));
    this.print(issued.token);
    return this.progress(
      `Token of ${name} (${role}), known as ${issued.id}, shown once.\nNext: fixity token revoke ${issued.id}   (to end it)`,
    );
  },
});

const list = buildCommand({
  docs: { brief: 'The tokens, without their secrets' },
  parameters: { flags: { json: flag.json } },
  async func(this: Context, flags: { readonly json?: boolean }) {
    const { tokens } = await this.client().call('tokens', {});
    if (flags.json) return this.print(JSON.stringify(tokens, null, 2));
    const rows = tokens.map((token) => [
      '',
      token.id,
      token.name ?? (token.role === 'node' ? '(a node)' : '(erased)'),
      token.role,
      shortTime(token.issued, this.now()),
      token.revoked === undefined
        ? token.expires === undefined
          ? 'in force'
          : `until ${shortTime(token.expires, this.now())}`
        : 'revoked',
    ]);
    return this.print(
      `tokens  ${fullTime(toInstant(this.now()), this.now())}  ${tokens.length} issued\n\n${table(['ID', 'NAME', 'ROLE', 'ISSUED', 'STATE'], rows)}\n\nNext: fixity token create NAME --role deployer`,
    );
  },
});

const revoke = buildCommand({
  docs: { brief: 'End a token now' },
  parameters: {
    positional: { kind: 'tuple', parameters: [{ brief: 'Its id, as listed', parse: flag.text, placeholder: 'id' }] },
  },
  async func(this: Context, _flags: object, id: string) {
    await this.client().call('revokeToken', { parameters: { id } });
    this.print(`Revoked ${id}.\nNext: fixity token list`);
  },
});

export default buildRouteMap({ routes: { create, list, revoke }, docs: { brief: 'API tokens' } });
