/** What is known of an instance on this node. */
export interface Known {
  readonly instance: string;
  /** Its process is there. */
  readonly process: boolean;
  /** `down`: ended for good, and kept so; `stopped`: stopped as asked. */
  readonly ended?: 'down' | 'stopped' | undefined;
  /** It ended and is started again in a moment. */
  readonly waiting: boolean;
  /** A start or stop of it is under way. */
  readonly busy: boolean;
}

export interface Wanted {
  readonly instance: string;
  readonly desired: 'running' | 'stopped';
}

/** `settle`: it should be stopped and nothing runs, which is only to be reported; `forget`: nobody asks for it any more. */
export interface Action {
  readonly kind: 'start' | 'stop' | 'settle' | 'forget';
  readonly instance: string;
}

/**
 * What to do so that the node is as assigned. What no assignment names is stopped only when `current`: when the
 * assignments were heard from the server in this life, and not merely remembered.
 */
export function plan(wanted: readonly Wanted[], known: readonly Known[], current: boolean): Action[] {
  const here = new Map(known.map((one) => [one.instance, one]));
  const named = new Set(wanted.map(({ instance }) => instance));
  const actions = wanted.flatMap(({ instance, desired }): Action[] => {
    const kind = desired === 'running' ? towardsRunning(here.get(instance)) : towardsStopped(here.get(instance));
    return kind === undefined ? [] : [{ kind, instance }];
  });
  if (!current) return actions;
  const orphans = known.filter(({ instance, busy }) => !named.has(instance) && !busy);
  return [...actions, ...orphans.map(({ instance, process }) => ({ kind: orphanKind(process), instance }))];
}

function orphanKind(process: boolean): Action['kind'] {
  return process ? 'stop' : 'forget';
}

function towardsRunning(known: Known | undefined): Action['kind'] | undefined {
  if (known === undefined) return 'start';
  if (known.busy) return undefined;
  if (known.process) return known.ended === undefined ? undefined : 'stop';
  return known.ended === undefined && !known.waiting ? 'start' : undefined;
}

function towardsStopped(known: Known | undefined): Action['kind'] | undefined {
  if (known === undefined) return 'settle';
  if (known.busy) return undefined;
  if (known.process) return 'stop';
  return known.ended === 'stopped' ? undefined : 'settle';
}
