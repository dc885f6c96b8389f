import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The JSON line a program prints when it is ready. */
export interface Ready {
  readonly ready: string;
  readonly listen?: string;
  readonly key?: string;
  readonly token?: string;
  readonly node?: string;
}

export interface ChildOptions {
  readonly name: string;
  /** The program's script beside this one, and its flags. */
  readonly script: string;
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Its log, appended to. */
  readonly log: string;
  /** Told when it ended without being asked to, and that it is started again in so many milliseconds. */
  readonly ended: (why: string, againInMs: number) => void;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;

/** One of Fixity's programs as a child process: started again when it ends unasked, ever later when it keeps ending. */
export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #stopping = false;
  #pauseMs = firstPauseMs;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** Starts it and resolves with its ready line. Rejects when it ends before it is ready the first time. */
  start(): Promise<Ready> {
    return new Promise((resolve, reject) => {
      const { script, flags, env, log, ended } = this.#options;
      mkdirSync(dirname(log), { recursive: true });
      const errors = openSync(log, 'a', 0o600);
      let isReady = false;
      const before = statSync(log).size;
      const path = new URL(script, import.meta.url).pathname;
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...flags], {
        env,
        stdio: ['ignore', 'pipe', errors],
      });
      this.#process = child;
      closeSync(errors);
      createInterface({ input: child.stdout as Readable }).on('line', (line) => {
        const ready = readyLine(line);
        if (ready === undefined) return;
        isReady = true;
        this.#pauseMs = firstPauseMs;
        resolve(ready);
      });
      child.once('exit', (code, signal) => {
        if (this.#stopping) return;
        const why = signal ?? `exit code ${code}`;
        if (!isReady) {
          reject(new Error(lastWords(log, before) || `${this.#options.name} ended with ${why}`));
          return;
        }
        const pause = this.#pauseMs;
        this.#pauseMs = Math.min(pause * 2, longestPauseMs);
        ended(why, pause);
        setTimeout(() => this.#again(), pause);
      });
    });
  }

  #again(): void {
    if (this.#stopping) return;
    this.start().catch((error: unknown) => {
      const pause = this.#pauseMs;
      this.#pauseMs = Math.min(pause * 2, longestPauseMs);
      this.#options.ended((error as Error).message, pause);
      setTimeout(() => this.#again(), pause);
    });
  }

  /** Asks it to end and waits until it has. */
  stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    });
  }
}

function readyLine(line: string): Ready | undefined {
  try {
    const ready = JSON.parse(line) as Ready;
    return typeof ready.ready === 'string' ? ready : undefined;
  } catch {
    return undefined;
  }
}

/** What it wrote for people before it ended: the lines of its log that are not JSON. */
function lastWords(log: string, from: number): string {
  const lines = readFileSync(log).subarray(from).toString('utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('{'))
    .slice(-12)
    .join('\n');
}
