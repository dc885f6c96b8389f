import { setTimeout as delay } from 'node:timers/promises';
import { FixityError } from '#kernel';
import type { InstanceFolder } from './folder.ts';
import {
  descriptorTarget,
  liveProcesses,
  type ProcessEntry,
  readCredentials,
  readProcess,
  startedWith,
} from './processes.ts';
import type { InstanceState } from './state.ts';

const marker = 'FIXITY_START';

/** The environment variable by which every process of one start is known. */
export function markerOf(token: string): Record<string, string> {
  return { [marker]: token };
}

/** Every live process of an instance, children that left its session included. */
export function membersOf(state: InstanceState, folder: InstanceFolder): ProcessEntry[] {
  const test = membership(state, folder);
  return liveProcesses().filter((entry) => entry.pid !== process.pid && entry.pid > 1 && test(entry));
}

/** The process that was spawned for an instance whose outcome was not recorded: the first session leader among it. */
export function findLeader(state: InstanceState, folder: InstanceFolder): ProcessEntry | undefined {
  const leaders = membersOf(state, folder).filter((entry) => entry.session === entry.pid);
  return leaders.sort((a, b) => Number(BigInt(a.startTime) - BigInt(b.startTime)))[0];
}

/**
 * Kills every process of an instance and answers how many there were. Repeats the look, as one may fork meanwhile.
 * @throws FixityError `timed-out` when some do not die.
 */
export async function killMembers(state: InstanceState, folder: InstanceFolder): Promise<number> {
  const killed = new Set<string>();
  for (let round = 0; round < 300; round += 1) {
    const members = membersOf(state, folder);
    if (members.length === 0) return killed.size;
    for (const { pid, startTime } of members) {
      killed.add(`${pid}/${startTime}`);
      sendSignal(pid, 'SIGKILL');
    }
    await delay(10);
  }
  const pids = membersOf(state, folder).map((entry) => entry.pid);
  throw new FixityError('timed-out', `processes of instance ${state.id} do not end`, {
    facts: [`pids: ${pids.join(', ')}`],
    next: ['look for processes in uninterruptible sleep (ps, state D), then stop it again'],
  });
}

/** False when it had already ended. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

function membership(state: InstanceState, folder: InstanceFolder): (entry: ProcessEntry) => boolean {
  const assignment = `${marker}=${state.token}`;
  const logs = new Set([folder.log('stdout'), folder.log('stderr')]);
  const { process: leader, user } = state;
  // Once the leader is gone its pid, and with it the session's id, may be somebody else's.
  const atLeader = leader === undefined ? undefined : readProcess(leader.pid);
  const sessionHolds = leader !== undefined && (atLeader === undefined || atLeader.startTime === leader.startTime);
  const runUid = user?.uid ?? process.geteuid?.();
  return ({ pid, session, group, startTime }) => {
    if (leader !== undefined && BigInt(startTime) < BigInt(leader.startTime)) return false;
    if (startedWith(pid, assignment)) return true;
    // Programs that write over their environment to set a title (nginx, PostgreSQL) are known by where they write.
    if (logs.has(descriptorTarget(pid, 1) ?? '') || logs.has(descriptorTarget(pid, 2) ?? '')) return true;
    const credentials = readCredentials(pid);
    if (user?.exclusive === true && credentials?.uid === user.uid && credentials.confined) return true;
    const inSession = sessionHolds && (session === leader.pid || group === leader.pid);
    return inSession && credentials?.uid === runUid;
  };
}
