import { setTimeout as delay } from 'node:timers/promises';
import type { Exit, Stopped, StopSpecification } from '#node-agent';
import type { Instances } from './instances.ts';
import { killMembers, sendSignal } from './members.ts';
import type { ProcessRuntimeOptions } from './options.ts';
import { isAlive, type ProcessName } from './processes.ts';
import type { InstanceState } from './state.ts';

/**
 * Stops a live instance: intent, signal to its first process, grace, then death to all that is left of it.
 * @throws FixityError `timed-out` when a process cannot be killed; the intent stays and the next stop goes on.
 */
export async function stopInstance(
  state: InstanceState,
  how: StopSpecification,
  instances: Instances,
  options: ProcessRuntimeOptions,
): Promise<Stopped> {
  const stopping: InstanceState = { ...state, phase: 'stopping' };
  await instances.write(stopping);
  await options.faults?.at('stop-intended');
  let killed = false;
  if (state.process !== undefined && isAlive(state.process)) {
    sendSignal(state.process.pid, how.signal);
    await options.faults?.at('signalled');
    killed = !(await endsWithin(state.process, how.graceMs));
  }
  const members = await killMembers(stopping, instances.folder(state.id));
  const end = {
    phase: 'stopped' as const,
    exit: await instances.exit(state),
    killed,
    leftovers: killed ? members - 1 : members,
  };
  return stoppedOf(await instances.finish(stopping, end));
}

/** What a stop answers for an instance that has ended already. */
export function stoppedOf(state: InstanceState): Stopped {
  const exit: Exit = state.exit ?? {};
  return { id: state.id, exit, killed: state.killed ?? false, leftovers: state.leftovers ?? 0 };
}

/** Looks every few milliseconds: only a parent is told, and after a restart of the node agent nobody is the parent. */
async function endsWithin(name: ProcessName, graceMs: number): Promise<boolean> {
  const deadline = performance.now() + graceMs;
  while (isAlive(name)) {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await delay(Math.min(left, 10));
  }
  return true;
}
