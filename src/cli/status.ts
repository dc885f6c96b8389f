import { buildCommand } from '@stricli/core';
import { fromInstant } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { follow } from './following.ts';
import { table } from './table.ts';
import { fullTime, shortTime, span } from './times.ts';

export default buildCommand({
  docs: { brief: 'Whether Fixity itself is well, and which rollouts are under way' },
  parameters: {
    flags: {
      json: flag.json,
      follow: {
        kind: 'boolean',
        brief: 'Watch the rollout under way until it ends',
        optional: true,
        withNegated: false,
      },
    },
    aliases: { f: 'follow' },
  },
  async func(this: Context, flags: { readonly json?: boolean; readonly follow?: boolean }) {
    const client = this.client();
    const [{ environments }, { nodes }, who] = await Promise.all([
      client.call('environments', {}),
      client.call('nodes', {}),
      client.call('whoAmI', {}),
    ]);
    const recent = await Promise.all(
      environments.map(({ environment }) => client.call('rollouts', { query: { environment, limit: 1 } })),
    );
    const rollouts = recent.flatMap((answer) => answer.rollouts);
    if (flags.json)
      return this.print(JSON.stringify({ server: client.server, who, environments, nodes, rollouts }, null, 2));
    const lost = nodes.filter((node) => !node.watching);
    const lines = [
      `${client.server}  ${fullTime(new Date(this.now()).toISOString(), this.now())}  signed in as ${who.name ?? who.actor} (${who.role})`,
      `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}, ${nodes.length - lost.length} watched${lost.length === 0 ? '' : `; NOT WATCHED: ${lost.map(({ node }) => node).join(', ')}`}`,
      '',
    ];
    const rows = environments.map(({ environment, revision, since, services }) => {
      const last = rollouts.find((rollout) => rollout.environment === environment);
      const state =
        last === undefined
          ? ''
          : `${last.kind} ${last.rollout} ${last.state}${last.endedAt === undefined ? `, step ${last.step} of ${last.steps.length}` : ` in ${span(fromInstant(last.endedAt) - fromInstant(last.startedAt))}`}`;
      return [
        last?.state === 'stuck' ? '!' : '',
        environment,
        `#${revision}`,
        shortTime(since, this.now()),
        String(services),
        state,
      ];
    });
    lines.push(
      rows.length === 0
        ? 'Nothing is shipped yet.'
        : table(['ENVIRONMENT', 'REVISION', 'SINCE', 'SERVICES', 'LAST ROLLOUT'], rows),
    );
    const active = rollouts.find(({ endedAt }) => endedAt === undefined);
    const next =
      active !== undefined
        ? 'fixity status --follow'
        : environments[0] === undefined
          ? 'fixity ship -f examples/checkout/v1/fixity.yaml'
          : `fixity live ${environments[0].environment}`;
    lines.push('', `Next: ${next}`);
    this.print(lines.join('\n'));
    if (flags.follow && active !== undefined) await follow(this, client, active.rollout);
    return undefined;
  },
});
