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
