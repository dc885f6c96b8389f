export { fleetCommands, loseWatch } from './commands.ts';
export { WatchController } from './controller.ts';
export { assignDraft, retireDraft, routeDraft } from './drafts.ts';
export { fleetEntries, observed } from './entries.ts';
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
  watchedAt,
  watchGaps,
  watchOf,
} from './queries.ts';
export { FleetRoutes } from './routes.ts';
export { fleetFold } from './view.ts';
