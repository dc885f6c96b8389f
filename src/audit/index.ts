export type { CommandRow, LedgerInspection, LedgerRow, ThingsInspection, ViewInspection } from './folder/ports.ts';
export { type FolderParts, type FolderReport, verifyDataFolder } from './folder/verify.ts';
export type { ProofReport } from './proof/findings.ts';
export type { ProofPorts } from './proof/ports.ts';
export { ProofRoutes } from './proof/routes.ts';
export { verifyProof } from './proof/verify.ts';
