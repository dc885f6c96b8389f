import type { RolloutState } from '#contract';

/** What can happen to a rollout; each comes from one kind of entry (see SPEC.md). */
export const rolloutEvents = [
  'begin-step',
  'finish-step',
  'request-abort',
  'turn-back',
  'complete',
  'restore',
  'restore-aborted',
  'give-up',
] as const;
export type RolloutEvent = (typeof rolloutEvents)[number];

/** The next state, or that this cannot happen in this one. */
export type Transition = RolloutState | 'impossible';

const over: Readonly<Record<RolloutEvent, Transition>> = {
  'begin-step': 'impossible',
  'finish-step': 'impossible',
  'request-abort': 'impossible',
  'turn-back': 'impossible',
  complete: 'impossible',
  restore: 'impossible',
  'restore-aborted': 'impossible',
  'give-up': 'impossible',
};

export const transitions: Readonly<Record<RolloutState, Readonly<Record<RolloutEvent, Transition>>>> = {
  running: {
    'begin-step': 'running',
    'finish-step': 'running',
    'request-abort': 'running',
    'turn-back': 'putting-back',
    complete: 'done',
    restore: 'impossible',
    'restore-aborted': 'impossible',
    'give-up': 'impossible',
  },
  'putting-back': {
    'begin-step': 'putting-back',
    'finish-step': 'putting-back',
    'request-abort': 'impossible',
    'turn-back': 'impossible',
    complete: 'impossible',
    restore: 'put-back',
    'restore-aborted': 'aborted',
    'give-up': 'stuck',
  },
  done: over,
  'put-back': over,
  aborted: over,
  stuck: over,
};

/** The state after an event. @throws Error when that cannot happen: a defect in a decision, never bad input. */
export function step(state: RolloutState, event: RolloutEvent): RolloutState {
  const next = transitions[state][event];
  if (next === 'impossible') throw new Error(`rollout state machine: ${event} cannot happen in state ${state}`);
  return next;
}

/** Nothing follows these. */
export function isOver(state: RolloutState): boolean {
  return transitions[state] === over;
}
