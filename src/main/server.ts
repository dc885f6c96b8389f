import { mkdirSync, writeSync } from 'node:fs';
import { describeFailure } from '#cli';
import { lockFolder } from '#drivers/sqlite';
import { FixityError } from '#kernel';
import { readServerSettings } from './server-settings.ts';
import { startWriterThread } from './writer-thread.ts';

/** @throws FixityError `storage-failed` when it is not there and cannot be made. */
function makeFolder(data: string): void {
  try {
    mkdirSync(data, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new FixityError('storage-failed', `the data folder cannot be made: ${(cause as Error).message}`, {
      next: ['give a folder that can be written with --data'],
      cause,
    });
  }
}

try {
  const settings = readServerSettings(process.argv.slice(2), process.env);
  if (settings !== undefined) {
    const { data, rebuild } = settings;
    makeFolder(data);
    const lock = lockFolder(data);
    const writer = startWriterThread(data, { origin: settings.origin, rebuild });
    // The rooms are read on this core while the writer opens its databases on another.
    const { startServer } = await import('./serve.ts');
    const started = await startServer(settings, writer, lock);
    const stop = (): void => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
      void started.stop().then(() => process.exit(0));
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    const { origin, key, newToken } = started;
    writeSync(
      1,
      `${JSON.stringify({ ready: 'server', listen: origin, key, ...(newToken === undefined ? {} : { token: newToken }) })}\n`,
    );
  }
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exit(2);
}
