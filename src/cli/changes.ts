import { writeFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import { type ChangesAnswer, type HistoryEntry } from '#contract';
import { fromInstant, type Instant, parseMoment, toInstant } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { gapText } from './live.ts';
import { defaultEnvironment } from './moments.ts';
import { printable, table } from './table.ts';
import { fullTime, shortTime } from './times.ts';

interface Flags {
  readonly since?: Instant;
  readonly until?: Instant;
  readonly service?: string;
  readonly knownAt?: Instant;
  readonly json?: boolean;
  readonly proof?: string;
}

export default buildCommand({
  docs: { brief: 'What changed, newest first, and who changed it' },
  parameters: {
    flags: {
      since: { kind: 'parsed', parse: flag.time, brief: 'From then on (-24h)', optional: true, placeholder: 'time' },
      until: { kind: 'parsed', parse: flag.time, brief: 'Up to then (now)', optional: true, placeholder: 'time' },
      service: { kind: 'parsed', parse: flag.text, brief: 'Only this service', optional: true, placeholder: 'name' },
      knownAt: flag.knownAt,
      json: flag.json,
      proof: flag.proof,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'The environment', parse: flag.text, placeholder: 'environment', optional: true }],
    },
  },
  async func(this: Context, flags: Flags, text?: string) {
    const { environment } = parseMoment(text ?? defaultEnvironment(this), this.now());
    const { since = toInstant(this.now() - 86_400_000), until, service, knownAt } = flags;
    const query = {
      environment,
      since,
      ...(until === undefined ? {} : { until }),
      ...(service === undefined ? {} : { service }),
      ...(knownAt === undefined ? {} : { knownAt }),
    };
    if (flags.proof !== undefined) {
      const bundle = await this.client().call('proveChanges', { query });
      writeFileSync(flags.proof, `${JSON.stringify(bundle, null, 1)}\n`);
      this.progress(`Proof in ${flags.proof}: fixity verify ${flags.proof} --key KEY checks it offline.`);
    }
    const answer = await this.client().call('changes', { query });
    this.print(flags.json ? JSON.stringify(answer, null, 2) : describe(answer, this.now()));
  },
});

function describe(answer: ChangesAnswer, now: number): string {
  const { environment, since, until, changes } = answer;
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`;
  const lines = [`${environment}  ${fullTime(since, now)} to ${fullTime(until, now)}  ${count}`, ''];
  if (changes.length > 0) lines.push(historyTable([...changes].reverse(), now), '');
  if (answer.notWatched.length > 0) {
    lines.push(`Not watched: ${answer.notWatched.map((gap) => gapText(gap, now)).join(', ')}`);
  }
  lines.push(`Next: fixity diff ${environment}${changes.length === 0 ? `@${since}` : '~1'} ${environment}`);
  return lines.join('\n');
}

/** Entries as people read them: time, change, what, who, where it is on the ledger. */
export function historyTable(entries: readonly HistoryEntry[], now: number): string {
  const rows = entries.map((entry) => [
    '',
    shortTime(entry.time, now),
    entry.change ?? '',
    printable(entry.says),
    `${printable(entry.by)}${entry.basis === 'reported' || entry.basis === 'inferred' ? ` (${entry.basis})` : ''}`,
    `${Math.abs(fromInstant(entry.recorded) - fromInstant(entry.time)) > 5_000 ? `recorded ${shortTime(entry.recorded, now)} ` : ''}#${entry.index}`,
  ]);
  return table(['TIME', 'CHANGE', 'WHAT', 'BY', 'ENTRY'], rows, 'WHAT');
}
