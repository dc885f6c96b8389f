import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describeMachine, median, report, round } from './machine.ts';
import { startServer } from './server.ts';

/**
 * Durable appends over HTTP: each request records one entry and is answered when it is on disk, signed and folded. A
 * bystander reads `/api/v1/whoami` meanwhile. `node bench/append.ts [seconds per round] [writers,writers...]`.
 */
const seconds = Number(process.argv[2] ?? 3);
const writers = (process.argv[3] ?? '1,64,512').split(',').map(Number);
const rounds = 3;
const folder = mkdtempSync(join(tmpdir(), 'fixity-bench-'));
const token = `fixity-bench-${randomBytes(16).toString('hex')}`;
const server = await startServer(join(folder, 'data'), token);
let measured = 0;

interface Round {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly bystander: number;
}

async function measure(count: number, time = seconds): Promise<Round> {
  measured += 1;
  const script = join(import.meta.dirname, 'append-client.ts');
  const given = [server.port, token, count, time, measured].map(String);
  const client = spawn(process.execPath, [script, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said, [status]] = await Promise.all([text(client.stdout), once(client, 'exit')]);
  if (status !== 0) throw new Error(`the client ended with ${status}`);
  return JSON.parse(said) as Round;
}

try {
  const machine = describeMachine(folder);
  await measure(8, 2);
  const results = new Map<number, Round[]>(writers.map((count) => [count, []]));
  for (let at = 0; at < rounds; at += 1) {
    for (const count of writers) results.get(count)?.push(await measure(count));
  }
  const rows = writers.map((count) => {
    const all = results.get(count) ?? [];
    const of = (name: keyof Round): number => round(median(all.map((one) => one[name])));
    return {
      writers: count,
      'appends/s': Math.round(of('rate')),
      'p50 ms': of('p50'),
      'p99 ms': of('p99'),
      'bystander p50 ms': of('bystander'),
    };
  });
  report('append', machine, rows);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
