import { buildCommand } from '@stricli/core';
import { historyTable } from './changes.ts';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { fullTime } from './times.ts';

interface Flags {
  readonly subject?: string;
  readonly type?: string;
  readonly actor?: string;
  readonly before?: number;
  readonly limit?: number;
  readonly json?: boolean;
}

export default buildCommand({
  docs: { brief: 'The ledger, newest first; or every entry that touches one thing' },
  parameters: {
    flags: {
      subject: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'Only entries about this subject, such as environment/prod',
        optional: true,
        placeholder: 'subject',
      },
      type: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'Only entries of this type',
        optional: true,
        placeholder: 'type',
      },
      actor: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'Only entries by this actor',
        optional: true,
        placeholder: 'actor',
      },
      before: {
        kind: 'parsed',
        parse: flag.wholeNumber,
        brief: 'Only entries before this index',
        optional: true,
        placeholder: 'index',
      },
      limit: {
        kind: 'parsed',
        parse: flag.wholeNumber,
        brief: 'At most this many (50)',
        optional: true,
        placeholder: 'count',
      },
      json: flag.json,
    },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          brief: 'A digest or its prefix, service/checkout, instance/..., rollout/...',
          parse: flag.text,
          placeholder: 'thing',
          optional: true,
        },
      ],
    },
  },
  async func(this: Context, { json, ...flags }: Flags, touches?: string) {
    const query = { ...flags, ...(touches === undefined ? {} : { touches }) };
    const answer = await this.client().call('log', { query });
    if (json) return this.print(JSON.stringify(answer, null, 2));
    const newest = answer.entries[0];
    const oldest = answer.entries.at(-1);
    if (newest === undefined || oldest === undefined) {
      return this.print(`No entry matches, of ${answer.size}.\nNext: fixity log`);
    }
    const range = `${fullTime(oldest.recorded, this.now())} to ${fullTime(newest.recorded, this.now())}`;
    const more = oldest.index > 0 && answer.entries.length === (flags.limit ?? 50);
    const next = more ? olderEntries(flags, touches, oldest.index) : `fixity show ${newest.index}`;
    return this.print(
      `ledger  ${range}  ${answer.entries.length} of ${answer.size} entries\n\n${historyTable(answer.entries, this.now())}\n\nNext: ${next}`,
    );
  },
});

/** The same question again, about what came before. */
function olderEntries({ subject, type, actor, limit }: Flags, touches: string | undefined, before: number): string {
  const words = ['fixity log'];
  if (touches !== undefined) words.push(touches);
  for (const [name, value] of Object.entries({ subject, type, actor, limit })) {
    if (value !== undefined) words.push(`--${name} ${value}`);
  }
  return [...words, `--before ${before}`].join(' ');
}
