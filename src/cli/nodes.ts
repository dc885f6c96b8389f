import { buildCommand } from '@stricli/core';
import { toInstant } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { table } from './table.ts';
import { fullTime, shortTime } from './times.ts';

export default buildCommand({
  docs: { brief: 'The nodes, and which of them are watched' },
  parameters: {
    flags: {
      json: flag.json,
      enrol: { kind: 'boolean', brief: 'Make a one-time token for a new node', optional: true, withNegated: false },
    },
  },
  async func(this: Context, flags: { readonly json?: boolean; readonly enrol?: boolean }) {
    const client = this.client();
    if (flags.enrol) {
      const { token, expires } = await client.call('createEnrolment', {});
      return this.print(
        `${token}\nGood once, until ${shortTime(expires, this.now())}.\nNext: fixity node-agent --server ${client.server} --enrol TOKEN   (on the new node)`,
      );
    }
    const { nodes } = await client.call('nodes', {});
    if (flags.json) return this.print(JSON.stringify(nodes, null, 2));
    const rows = nodes.map((node) => [
      node.watching ? '' : '!',
      node.node,
      `${node.platform.os}/${node.platform.architecture}`,
      String(node.instances),
      node.seen === undefined ? 'never' : shortTime(node.seen, this.now()),
      node.watching ? 'watched' : 'NOT WATCHED',
    ]);
    const notes = nodes.flatMap(({ node, notes }) => notes.map((note) => `  ${node}: ${note}`));
    return this.print(
      [
        `nodes  ${fullTime(toInstant(this.now()), this.now())}  ${nodes.length} known`,
        '',
        table(['NODE', 'PLATFORM', 'INSTANCES', 'SEEN', 'STATE'], rows),
        ...notes,
        '',
        'Next: fixity nodes --enrol   (add one)',
      ].join('\n'),
    );
  },
});
