import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, median, quantile, report, round } from './machine.ts';
import { startServer } from './server.ts';

/**
 * Durable appends over HTTP: each request records one entry and is answered when it is on disk, signed and folded.
 * `node bench/append.ts [seconds per round]`. A bystander reads `/api/v1/whoami` meanwhile.
 */
const seconds = Number(process.argv[2] ?? 3);
const rounds = 3;
const writers = [1, 64, 512];
const folder = mkdtempSync(join(tmpdir(), 'fixity-bench-'));
const token = `fixity-bench-${randomBytes(16).toString('hex')}`;
const server = await startServer(join(folder, 'data'), token);
let repository = 0;

interface Round {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly bystander: number;
}

function send(agent: Agent, method: string, path: string, body?: string): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        hostname: server.hostname,
        port: server.port,
        method,
        path,
        agent,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 200) resolve(performance.now() - started);
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}

async function measure(count: number): Promise<Round> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const lone = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const bystander: number[] = [];
  const until = performance.now() + seconds * 1000;
  const writer = async (): Promise<void> => {
    while (performance.now() < until) {
      repository += 1;
      const body = JSON.stringify({ repository: `bench/r${repository}`, moving: ['latest'] });
      times.push(await send(agent, 'PUT', '/api/v1/repositories', body));
    }
  };
  const watcher = async (): Promise<void> => {
    while (performance.now() < until) {
      bystander.push(await send(lone, 'GET', '/api/v1/whoami'));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const started = performance.now();
  await Promise.all([watcher(), ...Array.from({ length: count }, writer)]);
  const took = (performance.now() - started) / 1000;
  agent.destroy();
  lone.destroy();
  return { rate: times.length / took, p50: median(times), p99: quantile(times, 0.99), bystander: median(bystander) };
}

try {
  const machine = describeMachine(folder);
  await measure(8);
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
