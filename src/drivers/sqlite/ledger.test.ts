import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerStorageSuite } from '#ledger';
import { openSqliteLedger } from './index.ts';

await ledgerStorageSuite('SQLite', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'fixity-ledger-')), 'ledger.db');
  return { storage: openSqliteLedger(path), reopen: () => openSqliteLedger(path) };
});
