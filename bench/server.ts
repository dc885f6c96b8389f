import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunningServer {
  readonly hostname: string;
  readonly port: number;
  readonly url: string;
  /** Milliseconds from the start of the process to its ready line. */
  readonly startMs: number;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Starts `fixity server` as a process on a free port, as a user would. */
export async function startServer(data: string, token: string): Promise<RunningServer> {
  const script = join(import.meta.dirname, '..', 'src', 'main', 'server.ts');
  const started = performance.now();
  const child = spawn(process.execPath, [script, '--data', data, '--listen', '127.0.0.1:0'], {
    env: { ...process.env, FIXITY_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { value: line } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const { listen } = JSON.parse(String(line)) as { listen: string };
  const { hostname, port } = new URL(listen);
  return {
    hostname,
    port: Number(port),
    url: listen,
    startMs: performance.now() - started,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
