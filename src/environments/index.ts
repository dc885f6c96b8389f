export { type Activation, activationDrafts, nextRevisionNumber, revisionRepository } from './activation.ts';
export { environmentCommands, reportChange } from './commands.ts';
export {
  diffRevisions,
  type RevisionDifference,
  releasesIn,
  type Shipment,
  serviceOf,
  withShipments,
} from './documents.ts';
export { type ActivationKind, type ChangedService, environmentEntries } from './entries.ts';
export { type FrozenRevision, freezeRevision, frozenRevision, readRevisionDocument } from './freeze.ts';
export { type FoundMoment, requireEnvironment, resolveMoment } from './moments.ts';
export type { LedgerTimes } from './ports.ts';
export { listEnvironments, listRevisions, oneRevision, report } from './routes.ts';
export {
  currentRevision,
  environmentNames,
  environmentsFold,
  latestRevisionNumber,
  type ReportedChange,
  type Revision,
  reportedChangeOf,
  reportedChanges,
  revisionAt,
  revisionByNumber,
  revisionsOf,
} from './view.ts';
