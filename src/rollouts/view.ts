import type { RolloutState } from '#contract';
import type { Digest, Instant, JsonObject } from '#kernel';
import type { EntryDefinition, Recorded } from '#ledger';
import { type AsOf, type Fold, facts, on, type Row, type ViewReader, type ViewWriter } from '#views';
import {
  abortRequested,
  ended,
  type Planned,
  type PlannedPassage,
  type PlannedStep,
  planned,
  stepBegun,
  stepDone,
  turnedBack,
} from './entries.ts';
import { isOver, type RolloutEvent, step } from './machine.ts';

/** A rollout as its entries tell it. */
export interface Rollout {
  readonly rollout: string;
  readonly environment: string;
  readonly kind: 'rollout' | 'rollback';
  readonly state: RolloutState;
  readonly target: Digest;
  readonly base: number | undefined;
  readonly services: readonly PlannedPassage[];
  readonly forward: readonly PlannedStep[];
  /** Present once it turned back. */
  readonly back: readonly PlannedStep[] | undefined;
  readonly abort: boolean;
  readonly why: string | undefined;
  /** The step of the present phase that was begun last; -1 before the first. */
  readonly step: number;
  readonly stepBegunAt: Instant;
  readonly revision: number | undefined;
  readonly startedBy: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant | undefined;
  /** Ledger indexes of its plan and of its latest entry. */
  readonly plannedIndex: number;
  readonly lastIndex: number;
}

/** Keys are environments: the rollout that was last planned or went on there. */
const stateFacts = facts('rollouts_states', {
  rollout: 'TEXT NOT NULL',
  state: 'TEXT NOT NULL',
  step: 'INTEGER NOT NULL',
  steps: 'INTEGER NOT NULL',
});

export const rolloutsFold: Fold = {
  room: 'rollouts',
  version: 1,
  tables: [
    `CREATE TABLE rollouts_rollouts (rollout TEXT PRIMARY KEY, environment TEXT NOT NULL, state TEXT NOT NULL,
     plan TEXT NOT NULL, back TEXT, abort INTEGER NOT NULL, why TEXT, step INTEGER NOT NULL, step_begun_at TEXT NOT NULL,
     revision INTEGER, started_by TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, from_index INTEGER NOT NULL,
     last_index INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    'CREATE INDEX rollouts_by_environment ON rollouts_rollouts (environment, from_index)',
    "CREATE INDEX rollouts_active ON rollouts_rollouts (environment) WHERE state IN ('running', 'putting-back')",
    `CREATE TABLE rollouts_events (rollout TEXT NOT NULL, ledger_index INTEGER NOT NULL, time TEXT NOT NULL,
     says TEXT NOT NULL, PRIMARY KEY (rollout, ledger_index)) STRICT, WITHOUT ROWID`,
    ...stateFacts.tables,
  ],
  on: [
    on(planned, (recorded, views) => {
      const { index, entry } = recorded;
      const { rollout, environment } = entry.data;
      views.run(
        `INSERT INTO rollouts_rollouts (rollout, environment, state, plan, abort, step, step_begun_at, started_by,
         started_at, from_index, last_index) VALUES (?, ?, 'running', ?, 0, -1, ?, ?, ?, ?, ?)`,
        rollout,
        environment,
        JSON.stringify(entry.data),
        entry.recordedtime,
        entry.actor,
        entry.recordedtime,
        index,
        index,
      );
      tell(planned, recorded, views);
    }),
    on(stepBegun, (recorded, views) => {
      const { rollout, step: number } = recorded.entry.data;
      advance(views, rollout, 'begin-step');
      views.run(
        'UPDATE rollouts_rollouts SET step = ?, step_begun_at = ? WHERE rollout = ?',
        number,
        recorded.entry.recordedtime,
        rollout,
      );
      tell(stepBegun, recorded, views);
    }),
    on(stepDone, (recorded, views) => {
      advance(views, recorded.entry.data.rollout, 'finish-step');
      tell(stepDone, recorded, views);
    }),
    on(abortRequested, (recorded, views) => {
      const { rollout } = recorded.entry.data;
      advance(views, rollout, 'request-abort');
      views.run('UPDATE rollouts_rollouts SET abort = 1 WHERE rollout = ?', rollout);
      tell(abortRequested, recorded, views);
    }),
    on(turnedBack, (recorded, views) => {
      const { rollout, why, steps } = recorded.entry.data;
      advance(views, rollout, 'turn-back');
      views.run(
        'UPDATE rollouts_rollouts SET back = ?, why = ?, step = -1, step_begun_at = ? WHERE rollout = ?',
        JSON.stringify(steps),
        why,
        recorded.entry.recordedtime,
        rollout,
      );
      tell(turnedBack, recorded, views);
    }),
    on(ended, (recorded, views) => {
      const { rollout, state, why, revision } = recorded.entry.data;
      const events = { done: 'complete', 'put-back': 'restore', aborted: 'restore-aborted', stuck: 'give-up' } as const;
      advance(views, rollout, events[state]);
      views.run(
        'UPDATE rollouts_rollouts SET ended_at = ?, why = coalesce(?, why), revision = ? WHERE rollout = ?',
        recorded.entry.recordedtime,
        why ?? null,
        revision ?? null,
        rollout,
      );
      tell(ended, recorded, views);
    }),
  ],
};

function advance(views: ViewWriter, rollout: string, event: RolloutEvent): void {
  const row = views.get<{ state: RolloutState }>('SELECT state FROM rollouts_rollouts WHERE rollout = ?', rollout);
  if (row === undefined) throw new Error(`rollout ${rollout} goes on and was never planned`);
  views.run('UPDATE rollouts_rollouts SET state = ? WHERE rollout = ?', step(row.state, event), rollout);
}

/** Adds the line of the entry, and where the rollout stands now for those who ask about the past. */
function tell<D extends JsonObject & { readonly rollout: string; readonly environment: string }>(
  definition: EntryDefinition<D>,
  { index, entry }: Recorded<D>,
  views: ViewWriter,
): void {
  const { rollout, environment } = entry.data;
  views.run(
    'INSERT INTO rollouts_events (rollout, ledger_index, time, says) VALUES (?, ?, ?, ?)',
    rollout,
    index,
    entry.time,
    definition.says(entry.data, entry),
  );
  views.run('UPDATE rollouts_rollouts SET last_index = ? WHERE rollout = ?', index, rollout);
  const now = rolloutById(views, rollout);
  if (now === undefined) return;
  const { state, forward, back } = now;
  const values = { rollout, state, step: now.step, steps: (back ?? forward).length };
  stateFacts.record(views, { key: environment, time: entry.time, index, values });
}

function rolloutFrom(row: Row): Rollout {
  const plan = JSON.parse(String(row['plan'])) as Planned;
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === 'string' ? value : undefined;
  };
  const back = text('back');
  const revision = row['revision'];
  return {
    rollout: plan.rollout,
    environment: plan.environment,
    kind: plan.kind,
    state: row['state'] as RolloutState,
    target: plan.target,
    base: plan.base,
    services: plan.services,
    forward: plan.steps,
    back: back === undefined ? undefined : (JSON.parse(back) as PlannedStep[]),
    abort: row['abort'] === 1,
    why: text('why'),
    step: Number(row['step']),
    stepBegunAt: text('step_begun_at') ?? '',
    revision: typeof revision === 'number' ? revision : undefined,
    startedBy: text('started_by') ?? '',
    startedAt: text('started_at') ?? '',
    endedAt: text('ended_at'),
    plannedIndex: Number(row['from_index']),
    lastIndex: Number(row['last_index']),
  };
}

export function rolloutById(views: ViewReader, rollout: string): Rollout | undefined {
  const row = views.get('SELECT * FROM rollouts_rollouts WHERE rollout = ?', rollout);
  return row === undefined ? undefined : rolloutFrom(row);
}

/** The rollout under way in an environment: there is at most one. */
export function activeRollout(views: ViewReader, environment: string): Rollout | undefined {
  const row = views.get(
    "SELECT * FROM rollouts_rollouts WHERE environment = ? AND state IN ('running', 'putting-back')",
    environment,
  );
  return row === undefined ? undefined : rolloutFrom(row);
}

/** The ids of all rollouts under way, in order of planning. */
export function activeRollouts(views: ViewReader): string[] {
  return views
    .all<{ rollout: string }>(
      "SELECT rollout FROM rollouts_rollouts WHERE state IN ('running', 'putting-back') ORDER BY from_index",
    )
    .map(({ rollout }) => rollout);
}

/** The rollouts of an environment, newest first. */
export function rolloutsOf(views: ViewReader, environment: string, limit: number): Rollout[] {
  return views
    .all('SELECT * FROM rollouts_rollouts WHERE environment = ? ORDER BY from_index DESC LIMIT ?', environment, limit)
    .map(rolloutFrom);
}

/** What happened in a rollout so far, a line per entry. */
export function eventsOf(views: ViewReader, rollout: string): { index: number; time: Instant; says: string }[] {
  return views.all(
    'SELECT ledger_index AS "index", time, says FROM rollouts_events WHERE rollout = ? ORDER BY ledger_index',
    rollout,
  );
}

/** The rollout under way in an environment at a moment, and how far it was; undefined when none was. */
export function rolloutAt(
  views: ViewReader,
  environment: string,
  asOf?: AsOf,
): { rollout: string; state: RolloutState; step: number; steps: number } | undefined {
  const row = asOf === undefined ? stateFacts.now(views, environment) : stateFacts.at(views, environment, asOf);
  if (row === undefined || isOver(row.state as RolloutState)) return undefined;
  return {
    rollout: String(row.rollout),
    state: row.state as RolloutState,
    step: Number(row.step) + 1,
    steps: Number(row.steps),
  };
}
