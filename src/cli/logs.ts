import { setTimeout as wait } from 'node:timers/promises';
import { buildCommand } from '@stricli/core';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { defaultEnvironment } from './moments.ts';
import { printable } from './table.ts';

interface Flags {
  readonly env?: string;
  readonly instance?: string;
  readonly stream?: 'stdout' | 'stderr' | 'both';
  readonly bytes?: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export default buildCommand({
  docs: { brief: 'What the instances of a service wrote' },
  parameters: {
    flags: {
      env: flag.env,
      instance: { kind: 'parsed', parse: flag.text, brief: 'Only this instance', optional: true, placeholder: 'id' },
      stream: { kind: 'enum', values: ['stdout', 'stderr', 'both'], brief: 'Which output', optional: true },
      bytes: {
        kind: 'parsed',
        parse: flag.wholeNumber,
        brief: 'The last bytes of each (16384)',
        optional: true,
        placeholder: 'count',
      },
      follow: { kind: 'boolean', brief: 'Go on until interrupted', optional: true, withNegated: false },
      json: flag.json,
    },
    aliases: { f: 'follow' },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'The service', parse: flag.text, placeholder: 'service', optional: true }],
    },
  },
  async func(this: Context, flags: Flags, service?: string) {
    const { env = defaultEnvironment(this), instance, stream, bytes } = flags;
    const query = {
      environment: env,
      ...(service === undefined ? {} : { service }),
      ...(instance === undefined ? {} : { instance }),
      ...(stream === undefined ? {} : { stream }),
      ...(bytes === undefined ? {} : { bytes }),
    };
    const seen = new Map<string, number>();
    for (;;) {
      const { parts } = await this.client().call('logs', { query });
      if (flags.json) this.print(JSON.stringify(parts, null, 2));
      else for (const part of parts) this.print(fresh(part, seen));
      if (parts.length === 0 && !flags.json)
        this.print(`No instance of ${service ?? 'any service'} has run in ${env}.\nNext: fixity live ${env}`);
      if (!flags.follow) return;
      await wait(1000);
    }
  },
});

type Part = { instance: string; stream: string; text: string; offset: number; missing?: string | undefined };

/** Only what was not printed before, each line after its instance and stream. */
function fresh({ instance, stream, text, offset, missing }: Part, seen: Map<string, number>): string {
  const key = `${instance} ${stream}`;
  const before = seen.get(key);
  seen.set(key, offset);
  if (missing !== undefined) return before === undefined ? `${key}: ${missing}` : '';
  const bytes = Buffer.from(text, 'utf8');
  const part =
    before === undefined ? text : bytes.subarray(Math.max(0, bytes.length - (offset - before))).toString('utf8');
  const lines = part.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${key}: ${printable(line)}`).join('\n');
}
