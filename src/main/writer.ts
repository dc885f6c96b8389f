import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteLedger, openViewDatabase } from '#drivers/sqlite';
import { FixityError, systemClock } from '#kernel';
import { openAppender } from '#ledger';
import { formatPrivateKey, generateKey, readPrivateKey, verifierKey } from '#signing';
import { openKeyFile } from '#state';
import { ViewMachine } from '#views';
import { CommandLoop, serveWriter, toWire, type WriterPort } from '#writer';
import { faultsFromEnvironment } from './faults.ts';
import { randomPool } from './random-pool.ts';
import { commands, folds } from './rooms.ts';
import type { WriterData } from './writer-thread.ts';

/** The writer thread: the only one that writes the ledger and the views (design section 5). */
async function start(port: WriterPort, data: WriterData): Promise<void> {
  const { origin } = data;
  const keyFile = openKeyFile(data.key, () => formatPrivateKey(generateKey(origin)));
  const key = readPrivateKey(keyFile.text);
  if (key.verifier.name !== origin) {
    throw new FixityError('invalid-input', `this data folder holds the ledger ${key.verifier.name}, not ${origin}`, {
      next: [`start with the origin ${key.verifier.name}, or with another data folder`],
    });
  }
  const storage = openSqliteLedger(data.ledger);
  const appender = await openAppender({ storage, key, origin });
  const database = openViewDatabase(data.views);
  const views = new ViewMachine({ database, folds, origin });
  const caughtUp = await views.start(storage, { rebuild: data.rebuild ?? false });
  const loop = new CommandLoop({
    storage,
    appender,
    views,
    commands,
    origin,
    clock: systemClock,
    random: randomPool(),
    faults: faultsFromEnvironment(process.env),
  });
  serveWriter(port, loop, () => {
    storage.close();
    database.close();
  });
  const ready = { ...caughtUp, size: appender.size, key: verifierKey(key), keyMade: keyFile.made };
  port.postMessage({ kind: 'ready', ready });
}

if (parentPort === null) throw new Error('main/writer.ts is the entry of a worker thread');
const port: WriterPort = parentPort;
try {
  await start(port, workerData as WriterData);
} catch (error) {
  port.postMessage({ kind: 'failed', error: toWire(error) });
  port.close();
}
