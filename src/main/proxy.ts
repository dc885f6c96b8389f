import { writeSync } from 'node:fs';
import { asFixityError, systemClock } from '#kernel';
import { readProxySettings, startProxy } from '#proxy';
import { createLogger, createMetrics } from '#telemetry';

try {
  const settings = readProxySettings(process.argv.slice(2), process.env);
  const proxy = await startProxy({
    ...settings,
    clock: systemClock,
    log: createLogger({ name: 'proxy' }),
    metrics: createMetrics({ process: true }),
  });
  // The first signal drains, the second does not wait.
  const stop = (): void => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
    void proxy.stop();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  void proxy.stopped.then(() => process.exit(0));
  writeSync(1, `${JSON.stringify({ ready: 'proxy', listen: proxy.listen, version: proxy.version })}\n`);
} catch (cause) {
  const error = asFixityError(cause);
  const facts = error.facts.map((fact) => `  ${fact}\n`);
  const next = error.next.map((line) => `Next: ${line}\n`);
  process.stderr.write(`Refused: ${error.message}\n${facts.join('')}${next.join('')}`);
  process.exitCode = error.code === 'invalid-input' ? 2 : 1;
}
