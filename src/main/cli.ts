import { readFileSync } from 'node:fs';
import { describeFailure, exitCodeOf, runCommandLine } from '#cli';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The programs behind the command; each is a script that reads its own flags. */
const programs: Readonly<Record<string, () => Promise<unknown>>> = {
  server: () => import('./server.ts'),
  'node-agent': () => import('./node-agent.ts'),
  proxy: () => import('./proxy.ts'),
};

const program = programs[process.argv[2] ?? ''];
try {
  if (program === undefined) {
    process.exitCode = await runCommandLine({
      words: process.argv.slice(2),
      version,
      process,
      verifyFolder: async (...input) => (await import('./verify.ts')).verifyFolder(...input),
    });
  } else {
    process.argv.splice(2, 1);
    await program();
  }
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
