import { randomInt } from 'node:crypto';
import { openAppender } from '#ledger';
import { generateKey } from '#signing';
import { openSqliteLedger } from './index.ts';

/**
 * A process that appends batches until it is killed, and says after each commit how many entries are durable:
 * `node ledger-writer.case.ts <ledger.db> <origin>`.
 */
const [path = '', origin = ''] = process.argv.slice(2);
const key = generateKey(origin, (size) => new Uint8Array(size).fill(1));
const appender = await openAppender({ storage: openSqliteLedger(path), key, origin });

for (;;) {
  for (let left = randomInt(1, 200); left > 0; left -= 1) {
    const index = appender.size;
    const leaf = Buffer.from(`leaf ${index} ${'x'.repeat(index % 500)}`);
    appender.stage({ leaf, subject: `service/s${index}`, version: 1, recordedtime: '2026-11-22T01:00:00.000Z' });
  }
  const { size } = await appender.commit();
  process.stdout.write(`${size}\n`);
}
