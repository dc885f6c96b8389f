export { rolloutCommands } from './commands.ts';
export { RolloutController } from './controller.ts';
export {
  abortRequested,
  ended,
  type PlannedStep,
  planned,
  rolloutEntries,
  stepBegun,
  stepDone,
  turnedBack,
} from './entries.ts';
export type { Faults, RolloutPorts } from './ports.ts';
export { RolloutRoutes } from './routes.ts';
export {
  activeRollout,
  activeRollouts,
  eventsOf,
  type Rollout,
  rolloutAt,
  rolloutById,
  rolloutsFold,
  rolloutsOf,
} from './view.ts';
