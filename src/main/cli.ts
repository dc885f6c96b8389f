import { readFileSync } from 'node:fs';
import { describeFailure, exitCodeOf, runCommandLine } from '#cli';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
const [first, ...rest] = process.argv.slice(2);

/** The programs behind the command; each reads its own flags. */
const programs: Readonly<Record<string, () => Promise<{ main(words: readonly string[], version: string): Promise<void> }>>> = {
  server: () => import('./server.ts'),
  'node-agent': () => import('./node-agent.ts'),
  proxy: () => import('./proxy.ts'),
};

const program = first === undefined ? undefined : programs[first];
try {
  if (program === undefined) {
    process.exitCode = await runCommandLine({
      words: process.argv.slice(2),
      version,
      process,
      verifyFolder: async (...given) => (await import('./verify.ts')).verifyFolder(...given),
    });
  } else {
    await (await program()).main(rest, version);
  }
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
