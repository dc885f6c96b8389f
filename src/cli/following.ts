import { randomUUID } from 'node:crypto';
import type { Client } from '#client';
import type { RolloutPlan, RolloutStatus } from '#contract';
import { FixityError, isDigest, shortDigest } from '#kernel';
import type { Context } from './context.ts';
import { printable } from './table.ts';
import { shortTime } from './times.ts';

const ended: ReadonlySet<RolloutStatus['state']> = new Set(['done', 'put-back', 'aborted', 'stuck']);

/** Prints each step of a rollout as it happens, until it has ended. A server that goes away meanwhile is waited for. */
export async function follow(context: Context, client: Client, rollout: string): Promise<RolloutStatus> {
  let shown = -1;
  let after: number | undefined;
  let unreachable = 0;
  for (;;) {
    try {
      const query = { wait: 20, ...(after === undefined ? {} : { after }) };
      const status = await client.call('rollout', { parameters: { rollout }, query });
      unreachable = 0;
      for (const event of status.events) {
        if (event.index > shown) context.progress(`${shortTime(event.time, context.now())}  ${printable(event.says)}`);
      }
      shown = status.events.at(-1)?.index ?? shown;
      after = shown;
      if (ended.has(status.state)) return status;
    } catch (error) {
      if (!(error instanceof FixityError) || !error.retryable || (unreachable += 1) > 60) throw error;
      if (unreachable === 1)
        context.progress('The server does not answer; the rollout goes on when it is back. Waiting ...');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** The plan as people read it: what moves, what stays, what will not be undone. */
export function describePlan(plan: RolloutPlan): string {
  const others =
    plan.unchanged === 1 ? '1 other service stays as it is' : `${plan.unchanged} other services stay as they are`;
  const lines = [
    `Makes ${plan.environment}#${plan.revision}. ${plan.unchanged === 0 ? 'Nothing else moves' : others}.`,
  ];
  for (const { service, from, to, before, after, differences } of plan.services) {
    const releases = from === to ? `r${from}, settings only` : `r${from} to r${to}`;
    lines.push(`${service}  ${before === undefined ? `new, r${to}` : after === undefined ? 'taken out' : releases}`);
    const told = differences.filter(({ what }) => what !== 'release');
    const width = Math.max(...told.map(({ what }) => what.length), 8);
    for (const { what, before: old, after: next } of told) {
      lines.push(`  ${what.padEnd(width)}  ${printable(`${brief(old)} to ${brief(next)}`)}`);
    }
  }
  const count = (kind: string): number => plan.steps.filter((step) => step.kind === kind).length;
  lines.push(
    `How  ${plan.steps.length} steps: ${count('start')} starts, ${count('stop')} stops; an old instance stops only when a new one serves`,
  );
  if (plan.notUndone.length > 0)
    lines.push('Will not be undone:', ...plan.notUndone.map((what) => `  ${printable(what)}`));
  return lines.join('\n');
}

function brief(value: string | undefined): string {
  if (value === undefined) return '(absent)';
  return isDigest(value) ? shortDigest(value) : value;
}

/** Asks before production changes, unless told not to. @throws FixityError when the answer is no or nobody can answer. */
export async function confirmed(context: Context, yes: boolean, plan: RolloutPlan, again: string): Promise<void> {
  if (yes) return;
  context.progress(describePlan(plan));
  const answer = await context.confirm(`Go ahead with ${plan.environment}#${plan.revision}?`);
  if (answer === true) return;
  throw new FixityError('invalid-input', answer === false ? 'nothing was changed' : 'nobody is there to say yes', {
    next: [`${again} --yes`],
  });
}

/** One idempotency key for a command, so that trying it again cannot do it twice. */
export function newCommandId(): string {
  return randomUUID();
}

/** Tells how a rollout ended; leaves with 1 when it did not reach its target. */
export function conclude(context: Context, status: RolloutStatus, services: readonly string[]): void {
  const name = `${status.environment}#${status.revision ?? ''}`;
  if (status.state === 'done') {
    context.print(`${name} is live: ${status.target}\nNext: fixity live ${status.environment}`);
    return;
  }
  context.exitCode(1);
  const outcome = {
    'put-back': 'Put back: what ran before still runs.',
    aborted: 'Aborted: what ran before still runs.',
    stuck: 'STUCK: it could neither go on nor be put back.',
  }[status.state as 'put-back' | 'aborted' | 'stuck'];
  context.print(
    [
      outcome,
      `  ${printable(status.why ?? 'no reason was recorded')}`,
      `Next: fixity logs ${services[0] ?? ''} --env ${status.environment}`,
    ].join('\n'),
  );
}
