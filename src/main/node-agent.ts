import { randomBytes } from 'node:crypto';
import { mkdirSync, writeSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { describeFailure, exitCodeOf } from '#cli';
import { ProcessRuntime } from '#drivers/process';
import { lockFolder } from '#drivers/sqlite';
import { systemClock } from '#kernel';
import { startNodeAgent, systemScheduler } from '#node-agent';
import { createLogger } from '#telemetry';
import { faultsFromEnvironment } from './faults.ts';
import { type NodeAgentSettings, readNodeAgentSettings } from './node-agent-settings.ts';

/** Node's names of processors as OCI image indexes write them. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

async function start(settings: NodeAgentSettings): Promise<void> {
  const { network, ...rest } = settings;
  const { data, node, server } = settings;
  mkdirSync(data, { recursive: true, mode: 0o755 });
  const lock = lockFolder(data);
  const clock = systemClock;
  const random = (size: number): Uint8Array => randomBytes(size);
  const agent = await startNodeAgent({
    ...rest,
    platform: { os: platform(), architecture: architectures[arch()] ?? arch() },
    runtime: new ProcessRuntime({ data, clock, random, environment: process.env, network }),
    clock,
    random,
    scheduler: systemScheduler,
    logger: createLogger({ name: 'node-agent' }),
    faults: faultsFromEnvironment(process.env),
  });
  const stop = (): void => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
    void agent.stop().then(() => {
      lock.release();
      process.exit(0);
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  writeSync(1, `${JSON.stringify({ ready: 'node-agent', node, server })}\n`);
}

try {
  const settings = readNodeAgentSettings(process.argv.slice(2), process.env);
  if (settings !== undefined) await start(settings);
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exit(exitCodeOf(error));
}
