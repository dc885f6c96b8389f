export { inspectLedger, inspectStructure, inspectViews } from './inspection.ts';
export { openKeep, openScratch } from './keep.ts';
export { openSqliteLedger, openSqliteLedgerReader } from './ledger.ts';
export { type Lock, lockFolder } from './lock.ts';
export { openViewDatabase, openViewReader } from './views.ts';
