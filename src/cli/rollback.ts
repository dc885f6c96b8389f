import { buildCommand } from '@stricli/core';
import { FixityError, parseMoment } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { conclude, confirmed, describePlan, follow, newCommandId } from './following.ts';

interface Flags {
  readonly to: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export default buildCommand({
  docs: { brief: 'Put a service, or a whole environment, back as it was: build, config, scale and routes together' },
  parameters: {
    flags: {
      to: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'The moment to go back to, such as prod@01:30 or prod~1',
        placeholder: 'moment',
      },
      reason: flag.reason,
      dryRun: flag.dryRun,
      yes: flag.yes,
      json: flag.json,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Only this service', parse: flag.text, placeholder: 'service', optional: true }],
    },
  },
  async func(this: Context, flags: Flags, service?: string) {
    const client = this.client();
    const { environment, to } = await target(this, flags.to);
    const body = {
      environment,
      to,
      ...(service === undefined ? {} : { service }),
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    };
    const again = `fixity rollback ${service === undefined ? '' : `${service} `}--to ${flags.to}`;
    if (flags.dryRun || !flags.yes) {
      const { plan } = await client.call('rollBack', { body: { ...body, dryRun: true } });
      if (flags.dryRun) {
        return this.print(
          flags.json ? JSON.stringify(plan, null, 2) : `${describePlan(plan)}\nNext: ${again} --yes --reason "..."`,
        );
      }
      await confirmed(this, false, plan, again);
    }
    const { plan, rollout, index } = await client.call('rollBack', { body }, { commandId: newCommandId() });
    if (rollout === undefined)
      throw new FixityError('internal', 'the server started no rollout', { next: ['fixity status'] });
    this.progress(`Plan recorded, entry ${index}, rollout ${rollout}.`);
    const status = await follow(this, client, rollout);
    if (flags.json) this.print(JSON.stringify(status, null, 2));
    return conclude(
      this,
      status,
      plan.services.map((planned) => planned.service),
    );
  },
});

async function target(context: Context, text: string) {
  const moment = parseMoment(text, context.now());
  const { environment } = moment;
  if (moment.at === 'revision') return { environment, to: { revision: moment.number } };
  if (moment.at === 'instant') return { environment, to: { time: moment.instant } };
  if (moment.at === 'now')
    throw new FixityError('invalid-input', `${text} is what runs now`, {
      next: [`fixity rollback --to ${environment}~1`],
    });
  const { revisions } = await context
    .client()
    .call('revisions', { parameters: { environment }, query: { limit: 500 } });
  const wanted = revisions[moment.count];
  if (wanted !== undefined) return { environment, to: { revision: wanted.number } };
  throw new FixityError('not-found', `${environment} has only ${revisions.length} revisions`, {
    next: [`fixity live ${environment}`],
  });
}
