import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '#kernel';
import type { InstancePlan, RunSpecification } from '#node-agent';
import type { ProcessRuntimeOptions } from '../options.ts';
import { ProcessRuntime } from '../runtime.ts';

export const isRoot = process.geteuid?.() === 0;
export const needsRoot = isRoot ? false : 'needs root';
export const quickly = { signal: 'SIGKILL', graceMs: 5_000 } as const;

/** A run specification with every default written out. */
export function runOf(command: string[], more: Partial<RunSpecification> = {}): RunSpecification {
  const health = { kind: 'none', intervalMs: 100, timeoutMs: 1_000, deadlineMs: 5_000, successes: 1 } as const;
  const stop = { signal: 'SIGTERM', graceMs: 5_000 } as const;
  return { command, environment: {}, ports: [], writable: [], volumes: [], limits: {}, health, stop, ...more };
}

/** A plan whose tree is one Node program, `main.mjs`. */
export function planOf(id: string, program: string, more: Partial<RunSpecification> = {}): InstancePlan {
  const run = runOf([process.execPath, 'main.mjs'], more);
  const prepare = (folder: string): Promise<void> => writeFile(join(folder, 'main.mjs'), program);
  return { id, service: 'checkout', environment: 'prod', prepare, run };
}

export function optionsFor(data: string, more: Partial<ProcessRuntimeOptions> = {}): ProcessRuntimeOptions {
  return { data, clock: systemClock, random: randomBytes, environment: process.env, network: 'host', ...more };
}

const runtimes = new Map<string, ProcessRuntime[]>();

/** A runtime whose instances are stopped when the test that made the data folder ends. */
export function runtimeOn(data: string, more: Partial<ProcessRuntimeOptions> = {}): ProcessRuntime {
  const runtime = new ProcessRuntime(optionsFor(data, more));
  runtimes.set(data, [...(runtimes.get(data) ?? []), runtime]);
  return runtime;
}

/** A data folder open to other users, removed after the test with everything that still runs from it. */
export async function dataFolder(context: TestContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'fixity-process-'));
  await chmod(data, 0o755);
  context.after(async () => {
    for (const runtime of runtimes.get(data) ?? []) {
      for (const { id } of await runtime.list()) await runtime.stop(id, quickly);
    }
    await rm(data, { recursive: true, force: true });
  });
  return data;
}

/** Waits until an answer is there; the test runner's own limit bounds it. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits for a line of output and answers everything written so far. */
export async function output(runtime: ProcessRuntime, id: string, ends: string): Promise<string> {
  return await eventually(async () => {
    const { bytes } = await runtime.logs(id, { stream: 'stdout', bytes: 1 << 20 });
    const text = Buffer.from(bytes).toString();
    return text.endsWith(ends) ? text : undefined;
  });
}
