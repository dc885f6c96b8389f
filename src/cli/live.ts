import { writeFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import type { LiveAnswer, LiveService } from '#contract';
import { fromInstant, type Instant, shortDigest } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { momentQuery, momentText } from './moments.ts';
import { printable, table } from './table.ts';
import { fullTime, shortTime } from './times.ts';

interface Flags {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly full?: boolean;
  readonly knownAt?: Instant;
  readonly proof?: string;
}

export default buildCommand({
  docs: {
    brief: 'What is live, now or at any moment',
    fullDescription: 'What is live. Moments: prod, prod#118, prod~1, prod@02:03, prod@-10m, prod@2026-11-22T02:03Z.',
  },
  parameters: {
    flags: {
      json: flag.json,
      all: {
        kind: 'boolean',
        brief: 'Also list the services that nothing happened to',
        optional: true,
        withNegated: false,
      },
      full: flag.full,
      knownAt: flag.knownAt,
      proof: flag.proof,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'The moment', parse: flag.text, placeholder: 'moment', optional: true }],
    },
  },
  async func(this: Context, flags: Flags, text?: string) {
    const query = momentQuery(this, text, flags.knownAt);
    if (flags.proof !== undefined) {
      const bundle = await this.client().call('proveLive', { query });
      writeFileSync(flags.proof, `${JSON.stringify(bundle, null, 1)}\n`);
      this.progress(`Proof in ${flags.proof}: fixity verify ${flags.proof} --key KEY checks it offline.`);
    }
    const live = await this.client().call('live', { query });
    if (flags.json) return this.print(JSON.stringify(live, null, 2));
    return this.print(
      describe(live, { now: this.now(), all: flags.all === true, full: flags.full === true, asked: momentText(query) }),
    );
  },
});

interface Options {
  readonly now: number;
  readonly all: boolean;
  readonly full: boolean;
  readonly asked: string;
}

const day = 86_400_000;

function describe(live: LiveAnswer, options: Options): string {
  const { moment, services } = live;
  const asOf = fromInstant(moment.time);
  const quiet = (service: LiveService): boolean => !service.problem && asOf - fromInstant(service.since) > day;
  const listed = options.all ? services : services.filter((service) => !quiet(service));
  const folded = services.length - listed.length;
  const ordered = [...listed].sort((a, b) => Number(b.problem) - Number(a.problem));
  const lines = [headline(live, options.now), ''];
  if (services.length === 0) lines.push('  Nothing is shipped here.');
  else if (listed.length > 0) lines.push(serviceTable(ordered, asOf, options.full));
  if (folded > 0) lines.push(`  ${folded} ${listed.length > 0 ? 'more ' : ''}as deployed, unchanged > 24 h   (--all)`);
  lines.push('', ...coverage(live, options.now), `Next: ${nextCommand(live, options.asked)}`);
  return lines.join('\n');
}

function headline({ moment, rollout, services }: LiveAnswer, now: number): string {
  const revision =
    moment.revision === undefined
      ? 'no revision'
      : `revision #${moment.revision} since ${shortTime(moment.since ?? moment.time, now)}`;
  const line = `${moment.environment}  ${fullTime(moment.time, now)}  ${revision}  ${services.length} ${services.length === 1 ? 'service' : 'services'}`;
  return rollout === undefined
    ? line
    : `${line}\nRollout ${rollout.rollout} ${rollout.state}, step ${rollout.step} of ${rollout.steps}`;
}

function serviceTable(services: readonly LiveService[], asOf: number, full: boolean): string {
  const head = ['SERVICE', 'RELEASE', 'COMMIT', 'BY', 'SINCE', 'UP', 'STATE'];
  const rows = services.map((service) => [
    service.problem ? '!' : '',
    service.service,
    service.intended
      .map(({ number, release }) => (number === undefined ? shortDigest(release) : `r${number}`))
      .join('+'),
    `${service.commit?.slice(0, 7) ?? '-'}${service.dirty === true ? '+dirty' : ''}`,
    printable(service.by),
    shortTime(service.since, asOf),
    `${service.up}/${service.wanted}`,
    printable(service.state),
  ]);
  const digests = full
    ? services.flatMap(({ service, intended, build, config }) => [
        ...intended.map(({ release }) => `  ${service} release ${release}`),
        ...(build === undefined ? [] : [`  ${service} build   ${build}`]),
        ...(config === undefined ? [] : [`  ${service} config  ${config}`]),
      ])
    : [];
  return [table(head, rows), ...(digests.length > 0 ? ['', ...digests] : [])].join('\n');
}

function coverage(live: LiveAnswer, now: number): string[] {
  const verified =
    live.verifiedTo === undefined
      ? 'Nobody has looked yet.'
      : `Reported by nodes up to ${fullTime(live.verifiedTo, now)}.`;
  if (live.notWatched.length === 0) return [verified];
  return [`${verified} Not watched: ${live.notWatched.map((gap) => gapText(gap, now)).join(', ')}`];
}

export function gapText(gap: LiveAnswer['notWatched'][number], now: number): string {
  if (gap.since === undefined) return gap.what;
  return `${gap.what} ${shortTime(gap.since, now)} to ${gap.until === undefined ? 'now' : shortTime(gap.until, now)}`;
}

function nextCommand({ services, moment, rollout }: LiveAnswer, asked: string): string {
  const { environment } = moment;
  if (services.length === 0) return `fixity ship --env ${environment}`;
  if (rollout !== undefined) return 'fixity status';
  const broken = services.find(({ problem }) => problem);
  if (broken !== undefined) return `fixity logs ${broken.service}`;
  if (!moment.now) return `fixity diff ${asked} ${environment}`;
  return `fixity changes ${environment} --since -1h`;
}
