import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeMachine, median, quantile, report, round } from './machine.ts';
import { startServer } from './server.ts';

/** How long a server takes to be ready, and the command line to answer: `node bench/start.ts [rounds]`. */
const rounds = Number(process.argv[2] ?? 10);
const run = promisify(execFile);
const cli = join(import.meta.dirname, '..', 'bin', 'fixity');
const folder = mkdtempSync(join(tmpdir(), 'fixity-bench-'));
const token = `fixity-bench-${randomBytes(16).toString('hex')}`;
const starts: number[] = [];
const answers: number[] = [];
const bare: number[] = [];

async function timed(program: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  await run(program, [...words], { env });
  return performance.now() - started;
}

try {
  for (let at = 0; at < rounds; at += 1) {
    const server = await startServer(join(folder, 'data'), token);
    starts.push(server.startMs);
    const env = { ...process.env, FIXITY_SERVER: server.url, FIXITY_TOKEN: token };
    await timed(cli, ['nodes'], env);
    answers.push(await timed(cli, ['nodes'], env));
    bare.push(await timed(process.execPath, ['-e', '0'], env));
    await server.stop();
  }
  const row = (what: string, values: readonly number[]) => ({
    what,
    'p50 ms': round(median(values), 0),
    'worst ms': round(quantile(values, 1), 0),
  });
  report('start', describeMachine(folder), [
    row('server ready', starts),
    row('fixity nodes', answers),
    row('node -e 0', bare),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
