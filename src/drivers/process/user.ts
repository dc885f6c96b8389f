import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FixityError } from '#kernel';
import { liveProcesses, readCredentials } from './processes.ts';
import { runTool } from './tools.ts';

/** Whom an instance runs as when not as the node agent. */
export interface RunUser {
  readonly uid: number;
  readonly gid: number;
  /** Nothing else has this user, so every process of it belongs to the instance. */
  readonly exclusive: boolean;
}

/** The range systemd sets aside for users made up on the fly (uid.systemd.io). */
const firstUid = 61_184;
const lastUid = 65_519;

export const isOwnRange = (uid: number): boolean => uid >= firstUid && uid <= lastUid;

/** True when this process may become another user: root is not enough in every container. */
export async function canChangeUser(): Promise<boolean> {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  return runTool('setpriv', [...dropArguments({ uid: lastUid, gid: lastUid }), '/usr/bin/env', 'true']).then(
    () => true,
    () => false,
  );
}

/** Arguments of setpriv(1) that leave nothing to regain: no groups, no capabilities, no set-user-id programs. */
export function dropArguments(user: { readonly uid: number; readonly gid: number }): string[] {
  const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return [...identity, '--inh-caps=-all', '--bounding-set=-all', '--no-new-privs', '--'];
}

/**
 * A user that nothing on this machine has: not in passwd(5), not running, not `taken`. The search begins at a place of
 * the data folder's own, so that two node agents on one machine do not reach for the same user at the same time: what
 * runs as an exclusive user counts as the instance's. @throws `unsupported`.
 */
export async function unusedUser(taken: ReadonlySet<number>, data: string): Promise<RunUser> {
  const named = new Set((await passwd()).map((line) => line.uid));
  const running = new Set(liveProcesses().map((entry) => readCredentials(entry.pid)?.uid));
  const count = lastUid - firstUid + 1;
  const begin = createHash('sha256').update(data).digest().readUInt32BE() % count;
  for (let step = 0; step < count; step += 1) {
    const uid = firstUid + ((begin + step) % count);
    if (!taken.has(uid) && !named.has(uid) && !running.has(uid)) return { uid, gid: uid, exclusive: true };
  }
  throw new FixityError('unsupported', `no user id between ${firstUid} and ${lastUid} is free`, {
    next: ['remove stopped instances, or name a user in the run specification'],
  });
}

/** The user a run specification names. @throws FixityError `invalid-input` when the node does not know the name. */
export async function namedUser(user: string | number): Promise<RunUser> {
  const lines = await passwd();
  const found = lines.find((line) => (typeof user === 'number' ? line.uid === user : line.name === user));
  if (found !== undefined) return { uid: found.uid, gid: found.gid, exclusive: false };
  if (typeof user === 'number') return { uid: user, gid: user, exclusive: false };
  throw new FixityError('invalid-input', `the node has no user named "${user}"`, {
    next: ['leave user out to run as a user of its own, or give one that exists on the node'],
  });
}

/** The first folder above `path`, or `path` itself, that the user may not enter or execute; by mode bits. */
export async function closedTo(user: RunUser, path: string): Promise<string | undefined> {
  const above: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    above.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const at of above) {
    const { mode, uid, gid } = await stat(at);
    const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    if ((bits & 1) === 0 && user.uid !== 0) return at;
  }
  return undefined;
}

async function passwd(): Promise<{ name: string; uid: number; gid: number }[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}
