import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { instancePids } from './processes.ts';

const root = join(import.meta.dirname, '..', '..');
const script = (name: string): string => join(root, 'src', 'main', `${name}.ts`);

/** What a command of the command line left behind. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type ProgramName = 'server' | 'node-agent' | 'proxy';

/** One of the three programs, as a real process that can be killed and started again on the same port. */
export class Program {
  readonly name: ProgramName;
  readonly #flags: () => readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #log: string;
  #child: ChildProcess | undefined;
  /** `host:port` it answered on first; it takes the same again. */
  listen: string | undefined;

  constructor(name: ProgramName, options: { flags: () => readonly string[]; env: NodeJS.ProcessEnv; log: string }) {
    this.name = name;
    this.#flags = options.flags;
    this.#env = options.env;
    this.#log = options.log;
  }

  /** Starts it; resolves with its ready line, or rejects with what it wrote when it ends before. */
  start(env: NodeJS.ProcessEnv = {}): Promise<Record<string, unknown>> {
    const log = openSync(this.#log, 'a');
    const child = spawn(process.execPath, [script(this.name), ...this.#flags()], {
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    this.#child = child;
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stdout as Readable }).on('line', (line) => {
        const ready = JSON.parse(line) as Record<string, unknown>;
        if (typeof ready['listen'] === 'string') this.listen = ready['listen'].replace(/^https?:\/\//, '');
        resolve(ready);
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`${this.name} ended (${signal ?? code}) before it was ready: ${this.log().slice(-500)}`)),
      );
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the process has ended, however. */
  async ended(): Promise<void> {
    if (!this.running) return;
    await new Promise<void>((resolve) => this.#child?.once('exit', () => resolve()));
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = this.ended();
    this.#child?.kill(signal);
    await ended;
  }

  log(): string {
    return readFileSync(this.#log, 'utf8');
  }
}

/** Fixity on this machine as a user has it: three processes and the command line, in a folder of its own. */
export class Installation {
  readonly folder: string;
  readonly token = `fixity-test-${randomBytes(16).toString('hex')}`;
  readonly server: Program;
  readonly agent: Program;
  readonly proxy: Program;

  constructor(options: { agentFlags?: readonly string[] } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'fixity-story-'));
    // Instances run as users of their own, who must be able to reach their files.
    chmodSync(this.folder, 0o755);
    mkdirSync(this.home);
    const env = { PATH: process.env['PATH'], HOME: this.home, TZ: 'UTC' };
    const log = (name: string): string => join(this.folder, `${name}.log`);
    this.server = new Program('server', {
      flags: () => [
        '--data',
        this.data,
        '--listen',
        this.server.listen ?? '127.0.0.1:0',
        '--origin',
        'test.example/story',
      ],
      env: { ...env, FIXITY_TOKEN: this.token, FIXITY_USER: 'ana' },
      log: log('server'),
    });
    this.proxy = new Program('proxy', {
      flags: () => ['--data', join(this.data, 'proxy'), '--listen', this.proxy.listen ?? '127.0.0.1:0'],
      env,
      log: log('proxy'),
    });
    this.agent = new Program('node-agent', {
      flags: () => [
        `--data=${join(this.data, 'node')}`,
        `--server=${this.url}`,
        `--proxy=${join(this.data, 'proxy')}`,
        `--enrol-file=${join(this.data, 'enrolment')}`,
        '--node=node-a',
        ...(options.agentFlags ?? []),
      ],
      env,
      log: log('node-agent'),
    });
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  get url(): string {
    return `http://${this.server.listen}`;
  }

  async start(): Promise<void> {
    await this.server.start();
    await Promise.all([this.proxy.start(), this.agent.start()]);
  }

  /** Runs `fixity` as a user does. */
  fixity(...words: readonly string[]): Promise<Outcome> {
    return this.fixityIn(this.folder, ...words);
  }

  fixityIn(cwd: string, ...words: readonly string[]): Promise<Outcome> {
    const env = {
      PATH: process.env['PATH'],
      HOME: this.home,
      TZ: 'UTC',
      FIXITY_SERVER: this.url,
      FIXITY_TOKEN: this.token,
    };
    return new Promise((resolve) => {
      execFile(join(root, 'bin', 'fixity'), words, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, out, err });
      });
    });
  }

  /** A command that must go well; its JSON answer. */
  async json<T>(...words: readonly string[]): Promise<T> {
    const { code, out, err } = await this.fixity(...words, '--json');
    if (code !== 0 && code !== 4) throw new Error(`fixity ${words.join(' ')} left with ${code}:\n${err}${out}`);
    return JSON.parse(out) as T;
  }

  /** Calls the API with the token. */
  api(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${this.token}`);
    return fetch(`${this.url}${path}`, { ...init, headers });
  }

  /** Stops the programs and every instance, and takes the folder away. */
  async close(): Promise<void> {
    await Promise.all([this.server, this.agent, this.proxy].map((program) => program.kill()));
    for (const pid of instancePids(this.folder)) kill(pid);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
