import type { Entry } from '#ledger';
import { abortRequested, ended, rolloutById } from '#rollouts';
import type { ViewReader } from '#views';
import { latestActor } from './view.ts';

/**
 * Who asked for what an entry records: what the controller brings about was asked for by whoever planned the rollout, or
 * asked for its end. What it did by itself is its own.
 */
export function askerOf(views: ViewReader, { type, subject, actor, onbehalfof, data }: Entry): string {
  if (onbehalfof !== undefined) return onbehalfof;
  const { rollout, state } = data;
  if (typeof rollout !== 'string' || !actor.startsWith('system:')) return actor;
  if (type === ended.type && state !== 'done') {
    const aborter = latestActor(views, subject, abortRequested.type, Number.MAX_SAFE_INTEGER);
    return state === 'aborted' ? (aborter ?? actor) : actor;
  }
  return rolloutById(views, rollout)?.startedBy ?? actor;
}
