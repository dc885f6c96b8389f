import { createInterface } from 'node:readline/promises';
import { proposeCompletions, run } from '@stricli/core';
import { createClient } from '#client';
import { createApplication } from './app.ts';
import type { Context, VerifyFolder } from './context.ts';
import { signedIn } from './credentials.ts';

/** What the command line takes from its process. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly version: string;
  readonly process: NodeJS.Process;
  readonly verifyFolder: VerifyFolder;
}

/** Runs one command and gives its exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 unreachable, 4 a difference. */
export async function runCommandLine({ words, version, process: host, verifyFolder }: CommandLine): Promise<number> {
  let chosen = 0;
  const context = createContext(host, verifyFolder, (code) => {
    chosen = code;
  });
  const application = createApplication(version);
  if (words[0] === '__complete') {
    const proposals = await proposeCompletions(application, words.slice(1), context);
    host.stdout.write(proposals.map(({ completion }) => `${completion}\n`).join(''));
    return 0;
  }
  await run(application, words, context);
  const code = Number(context.process.exitCode ?? 0);
  // Negative codes are the parser's own: an unknown command, a flag it cannot read.
  return code < 0 ? 2 : code === 0 ? chosen : code;
}

function createContext(host: NodeJS.Process, verifyFolder: VerifyFolder, exitCode: (code: number) => void): Context {
  const context: Context = {
    process: { stdout: host.stdout, stderr: host.stderr, env: host.env },
    env: host.env,
    cwd: host.cwd(),
    now: () => Date.now(),
    print: (text) => {
      if (text !== '') host.stdout.write(`${text}\n`);
    },
    progress: (text) => {
      host.stderr.write(`${text}\n`);
    },
    exitCode,
    verifyFolder,
    confirm: async (question) => {
      if (!host.stdin.isTTY) return undefined;
      const lines = createInterface({ input: host.stdin, output: host.stderr });
      const answer = await lines.question(`${question} [y/N] `);
      lines.close();
      return /^y(es)?$/i.test(answer.trim());
    },
    client: () => createClient(signedIn(host.env)),
  };
  return context;
}
