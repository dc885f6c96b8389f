import { writeFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import { FixityError } from '#kernel';
import { historyTable } from './changes.ts';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { printable } from './table.ts';

interface Flags {
  readonly json?: boolean;
  readonly proof?: string;
}

export default buildCommand({
  docs: { brief: 'Everything about one thing: a digest, tag, release, revision, rollout, instance, node or entry' },
  parameters: {
    flags: { json: flag.json, proof: flag.proof },
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'c07d12aa93f0, checkout:1.4.2, checkout r57, prod#3, 48213', parse: flag.text, placeholder: 'thing' },
        { brief: 'r57, after a service', parse: flag.text, placeholder: 'number', optional: true },
      ],
    },
  },
  async func(this: Context, flags: Flags, thing: string, number?: string) {
    const reference = number === undefined ? thing : `${thing} ${number}`;
    if (flags.proof !== undefined) {
      if (!/^\d+$/.test(reference)) {
        throw new FixityError('invalid-input', 'a proof is of an entry', {
          next: [`fixity log ${thing}`, 'fixity show 48213 --proof FILE'],
        });
      }
      const bundle = await this.client().call('proveEntry', { parameters: { index: Number(reference) } });
      writeFileSync(flags.proof, `${JSON.stringify(bundle, null, 1)}\n`);
      this.progress(`Proof in ${flags.proof}: fixity verify ${flags.proof} --key KEY checks it offline.`);
    }
    const answer = await this.client().call('show', { query: { reference } });
    if (flags.json) return this.print(JSON.stringify(answer, null, 2));
    const width = Math.max(...answer.facts.map(({ label }) => label.length), 4);
    const lines = [
      `${answer.kind} ${answer.name}`,
      ...answer.facts.map(({ label, value }) => `  ${label.padEnd(width)}  ${printable(value)}`),
      `  ${'live'.padEnd(width)}  ${answer.live.length === 0 ? 'nowhere' : answer.live.join(', ')}`,
    ];
    if (answer.entries.length > 0) lines.push('', historyTable(answer.entries, this.now()));
    lines.push('', `Next: fixity log ${answer.digest ?? (answer.kind === 'entry' ? '' : answer.name)}`.trimEnd());
    return this.print(lines.join('\n'));
  },
});
