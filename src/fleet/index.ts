export { assignmentsFor, assignmentVersion } from './assignments.ts';
export { fleetCommands, loseWatch, recordObservation, silenceMs } from './commands.ts';
export { WatchController } from './controller.ts';
export { assignDraft, retireDraft, routeDraft } from './drafts.ts';
export {
  fleetEntries,
  type InstanceAssigned,
  instanceAssigned,
  instanceRetired,
  nodeEnrolled,
  type ObservedFacts,
  observed,
  type Routed,
  routed,
  watchBegan,
  watchLost,
} from './entries.ts';
export type { CommitSignal, FleetPorts } from './ports.ts';
export {
  type FleetInstance,
  type FleetNode,
  type FleetRoute,
  instanceAt,
  instancesOf,
  lastReport,
  nodeAt,
  nodes,
  placedOn,
  routeAt,
  servicesOf,
  type WatchGap,
  watchedAt,
  watchGaps,
  watchOf,
} from './queries.ts';
export { FleetRoutes } from './routes.ts';
export { fleetFold } from './view.ts';
