import { buildCommand } from '@stricli/core';
import type { DiffAnswer, ResolvedMoment, ServiceDifference } from '#contract';
import { shortDigest } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { defaultEnvironment, momentQuery } from './moments.ts';
import { printable } from './table.ts';
import { fullTime } from './times.ts';

interface Flags {
  readonly json?: boolean;
  readonly full?: boolean;
  readonly exitCode?: boolean;
}

export default buildCommand({
  docs: { brief: 'What differs between two moments: releases, files, configuration keys, settings' },
  parameters: {
    flags: {
      json: flag.json,
      full: flag.full,
      exitCode: { kind: 'boolean', brief: 'Leave with 4 when something differs', optional: true, withNegated: false },
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'The earlier moment', parse: flag.text, placeholder: 'from', optional: true },
        { brief: 'The later moment (now)', parse: flag.text, placeholder: 'to', optional: true },
      ],
    },
  },
  async func(this: Context, flags: Flags, from?: string, to?: string) {
    const earlier = momentQuery(this, from ?? `${defaultEnvironment(this)}~1`);
    const later = momentQuery(this, to ?? earlier.environment);
    const answer = await this.client().call('diff', { body: { from: earlier, to: later } });
    this.print(flags.json ? JSON.stringify(answer, null, 2) : describe(answer, this.now(), flags.full === true));
    if (flags.exitCode && answer.services.length > 0) this.exitCode(4);
  },
});

function describe(answer: DiffAnswer, now: number, full: boolean): string {
  const { from, to, services, identical } = answer;
  const lines = [`${name(from, now)} to ${name(to, now)}`];
  for (const service of services) lines.push('', ...serviceLines(service, full));
  lines.push('', `${identical} ${identical === 1 ? 'service' : 'services'} identical.`);
  const back = from.revision;
  lines.push(
    services.length === 0 || back === undefined
      ? `Next: fixity live ${to.environment}`
      : `Next: fixity rollback ${services.length === 1 ? `${services[0]?.service} ` : ''}--to ${from.environment}#${back} --dry-run`,
  );
  return lines.join('\n');
}

function name(moment: ResolvedMoment, now: number): string {
  const revision =
    moment.revision === undefined
      ? `${moment.environment} before its first revision`
      : `${moment.environment}#${moment.revision}`;
  return moment.now ? `${revision} (live)` : `${revision} at ${fullTime(moment.time, now)}`;
}

const shown = 20;

/** One service's differences, indented beneath its name. Shared with the plan of a rollout. */
export function serviceLines(difference: ServiceDifference, full: boolean): string[] {
  const { service, change, commits, build, config, settings } = difference;
  const releases = [difference.from, difference.to].map((number) => (number === undefined ? 'nothing' : `r${number}`));
  const lines = [
    `${service} ${change === 'changed' && releases[0] === releases[1] ? `${releases[0]}, same release` : releases.join(' to ')}`,
  ];
  if (commits !== undefined)
    lines.push(`  commit  ${commits.before?.slice(0, 12) ?? '-'} to ${commits.after?.slice(0, 12) ?? '-'}`);
  if (build !== undefined) {
    lines.push(`  build   ${pair(build.before, build.after, full)}   ${count(build.files.length, 'file')}`);
    for (const file of build.files.slice(0, shown)) {
      lines.push(`    ${mark[file.change]} ${printable(file.path)}`);
      for (const hunk of file.hunks ?? []) lines.push(...hunk.split('\n').map((line) => `      ${printable(line)}`));
    }
    if (build.files.length > shown) lines.push(`    ${build.files.length - shown} more   (--json)`);
  }
  if (config !== undefined) {
    lines.push(`  config  ${pair(config.before, config.after, full)}`);
    for (const key of config.keys.slice(0, shown)) lines.push(`    ${keyLine(key)}`);
    if (config.keys.length === 0) {
      for (const hunk of config.hunks) lines.push(...hunk.split('\n').map((line) => `    ${printable(line)}`));
    }
  }
  for (const setting of settings) lines.push(`  ${keyLine(setting)}`);
  return lines;
}

const mark = { added: '+', removed: '-', changed: '~' } as const;

function keyLine({
  key,
  before,
  after,
}: {
  key: string;
  before?: string | undefined;
  after?: string | undefined;
}): string {
  return printable(`${key}  ${before ?? '(absent)'} to ${after ?? '(absent)'}`);
}

function pair(before: string | undefined, after: string | undefined, full: boolean): string {
  const show = (digest: string | undefined): string =>
    digest === undefined ? 'nothing' : full ? digest : shortDigest(digest);
  return `${show(before)} to ${show(after)}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
