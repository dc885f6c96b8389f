import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One line of the process table (proc(5), /proc/<pid>/stat). */
export interface ProcessEntry {
  readonly pid: number;
  /** `Z` and `X` have ended and only wait to be reaped. */
  readonly state: string;
  readonly group: number;
  readonly session: number;
  /** Field 22: clock ticks since boot, decimal. */
  readonly startTime: string;
}

/** A process named beyond the reuse of its pid. */
export interface ProcessName {
  readonly pid: number;
  readonly startTime: string;
}

/** Parses /proc/<pid>/stat; the name in field 2 may itself hold spaces and parentheses. */
export function parseStat(text: string): ProcessEntry | undefined {
  const close = text.lastIndexOf(')');
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(close + 2).split(' ');
  const [state, , group, session] = fields;
  const startTime = fields[19];
  if (close < 0 || !Number.isSafeInteger(pid) || state === undefined || startTime === undefined) return undefined;
  if (!/^\d+$/.test(startTime)) return undefined;
  return { pid, state, group: Number(group), session: Number(session), startTime };
}

/** Undefined when there is no such process (or no /proc). Synchronous: /proc is memory, and a pid must be read at once. */
export function readProcess(pid: number): ProcessEntry | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text.toString('latin1'));
}

export function isAlive(name: ProcessName): boolean {
  const entry = readProcess(name.pid);
  return entry !== undefined && entry.startTime === name.startTime && !hasEnded(entry);
}

export function hasEnded(entry: ProcessEntry): boolean {
  return entry.state === 'Z' || entry.state === 'X';
}

/** Every process that has not ended. */
export function liveProcesses(): ProcessEntry[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map((pid) => readProcess(Number(pid)))
    .filter((entry) => entry !== undefined && !hasEnded(entry)) as ProcessEntry[];
}

/** Changes with every boot; with it a recorded pid and start time name one process for ever. */
export function readBootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.toString('latin1').trim() ?? 'unknown';
}

/** True when the environment the process was started with holds exactly `NAME=value`; a program may have overwritten it. */
export function startedWith(pid: number, assignment: string): boolean {
  return read(`/proc/${pid}/environ`)?.toString('latin1').split('\0').includes(assignment) ?? false;
}

/** Where a descriptor of a process leads; undefined when closed or not ours to read. */
export function descriptorTarget(pid: number, descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

/** Real user id, and whether it is bound for ever to no privileges, as instances with a user of their own are. */
export function readCredentials(pid: number): { readonly uid: number; readonly confined: boolean } | undefined {
  const text = read(`/proc/${pid}/status`)?.toString('latin1');
  const uid = text === undefined ? undefined : /^Uid:\s+(\d+)/m.exec(text)?.[1];
  if (text === undefined || uid === undefined) return undefined;
  return { uid: Number(uid), confined: /^NoNewPrivs:\s+1$/m.test(text) && /^CapBnd:\s+0+$/m.test(text) };
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    // Processes end while they are looked at (ENOENT, ESRCH), and some are not ours to read (EACCES).
    return undefined;
  }
}
