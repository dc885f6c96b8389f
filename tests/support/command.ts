import { execFile } from 'node:child_process';
import { programPath } from './peers.ts';

/** What a program that ended printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end, whatever its exit code. */
export function run(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const env = { ...process.env, ...environment };
  return new Promise((resolve) => {
    execFile(
      programPath(program) ?? program,
      [...parameters],
      { env, timeout: 120_000, maxBuffer: 2 ** 24 },
      (error, output, errors) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, output, errors });
      },
    );
  });
}

/** Runs a program that must succeed and answers what it printed. */
export async function succeed(...what: Parameters<typeof run>): Promise<string> {
  const { code, output, errors } = await run(...what);
  if (code !== 0) throw new Error(`${what[0]} ${what[1].join(' ')} ended with ${code}\n${output}${errors}`);
  return output;
}
