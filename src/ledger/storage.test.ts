import { MemoryLedger } from './memory.case.ts';
import { ledgerStorageSuite } from './suite.ts';

await ledgerStorageSuite('memory', () => {
  const storage = new MemoryLedger();
  return { storage, reopen: () => storage };
});
