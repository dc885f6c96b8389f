export type { CommandRow, LedgerInspection, LedgerRow, ThingsInspection, ViewInspection } from './folder/ports.ts';
export { type FolderParts, type FolderReport, verifyDataFolder } from './folder/verify.ts';
