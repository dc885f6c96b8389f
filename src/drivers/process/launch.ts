import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FixityError } from '#kernel';
import type { Exit, Limits } from '#node-agent';
import type { OwnNetwork } from './network.ts';
import { type ProcessName, readProcess } from './processes.ts';
import { isExecutable, systemTool } from './tools.ts';
import { dropArguments, type RunUser } from './user.ts';

export interface Launch {
  readonly command: readonly string[];
  /** Absolute path of the program. */
  readonly program: string;
  readonly cwd: string;
  readonly stdout: number;
  readonly stderr: number;
  /** Given by the node agent: harmless to the tools that prepare the way. */
  readonly base: Readonly<Record<string, string>>;
  /** Given by the run specification. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Limits;
  readonly user?: RunUser | undefined;
  readonly network?: OwnNetwork | undefined;
}

export interface Launched {
  readonly name: ProcessName;
  /** How it ended; known to its parent only. Does not keep this process from ending first. */
  readonly exited: Promise<Exit>;
  /** The same, for those who cannot go on without it. */
  awaitExit(): Promise<Exit>;
}

/**
 * What the C library itself obeys (ld.so(8), glibc's list of variables unsafe for set-user-id programs). Given before
 * the user is changed, these would let a release run its own code as root.
 */
const unsafe =
  /^(LD_.*|GLIBC_.*|MALLOC_.*|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TMPDIR|TZDIR)$/;

/** Absolute path of a program: with a slash relative to `root`, else on the PATH. @throws FixityError `not-found`. */
export function findProgram(name: string, root: string, path: string): string {
  const folders = name.includes('/') ? [root] : path.split(':').filter((folder) => folder.startsWith('/'));
  const candidates = name.startsWith('/') ? [name] : folders.map((folder) => join(folder, name));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  const where = name.includes('/') ? 'in the tree' : 'on the PATH of the node agent';
  throw new FixityError('not-found', `there is no program "${name}" ${where}`, {
    facts: candidates.slice(0, 8).map((candidate) => `looked at ${candidate}`),
    next: ['give a path in the tree such as ./bin/server, or install the program on the node'],
  });
}

/** The exec chain; every link replaces itself by the next, so the pid that was spawned is the program's. */
export function chainOf(launch: Launch): string[] {
  const { network, limits, user } = launch;
  const chain: string[] = [];
  if (network !== undefined) chain.push(tool('nsenter'), `--net=/run/netns/${network.namespace}`, '--');
  const resources = limitArguments(limits, user);
  if (resources.length > 0) chain.push(tool('prlimit'), ...resources);
  if (user !== undefined) chain.push(tool('setpriv'), ...dropArguments(user));
  const late = Object.entries(launch.environment).filter(([name]) => user !== undefined && unsafe.test(name));
  if (late.length > 0) chain.push(tool('env'), ...late.map(([name, value]) => `${name}=${value}`));
  return [...chain, launch.program, ...launch.command.slice(1)];
}

/**
 * Spawns in a session of its own, with output to files, so that it outlives this process.
 * @throws FixityError `unsupported` when the system does not run it.
 */
export async function launchProcess(launch: Launch): Promise<Launched> {
  const [file, ...args] = chainOf(launch);
  const early = Object.entries(launch.environment).filter(([name]) => launch.user === undefined || !unsafe.test(name));
  const child = spawn(file ?? launch.program, args, {
    cwd: launch.cwd,
    detached: true,
    stdio: ['ignore', launch.stdout, launch.stderr],
    env: { ...launch.base, ...Object.fromEntries(early) },
  });
  // Read before the event loop can reap it: even one that ended at once is still in the table.
  const entry = child.pid === undefined ? undefined : readProcess(child.pid);
  if (entry === undefined) throw await refusalOf(child, launch.program);
  child.unref();
  const exited = exitOf(child);
  const awaitExit = (): Promise<Exit> => {
    if (child.exitCode === null && child.signalCode === null) child.ref();
    return exited;
  };
  return { name: { pid: entry.pid, startTime: entry.startTime }, exited, awaitExit };
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({ ...(code !== null && { code }), ...(signal !== null && { signal }) }),
    );
  });
}

async function refusalOf(child: ChildProcess, program: string): Promise<FixityError> {
  const [cause]: unknown[] =
    child.pid === undefined ? await once(child, 'error').catch((error: unknown) => [error]) : [];
  const why = cause instanceof Error ? cause.message : 'there is no /proc to find it again by';
  return new FixityError('unsupported', `${program} could not be started: ${why}`, { cause });
}

function limitArguments(limits: Limits, user: RunUser | undefined): string[] {
  const { memoryBytes: memory, openFiles: files, processes } = limits;
  return [
    ...(files === undefined ? [] : [`--nofile=${files}:${files}`]),
    // RLIMIT_DATA counts private writable memory; RLIMIT_AS would also count what runtimes only reserve.
    ...(memory === undefined ? [] : [`--data=${memory}:${memory}`]),
    // Counted per user: with a shared one it would count strangers.
    ...(processes === undefined || user?.exclusive !== true ? [] : [`--nproc=${processes}:${processes}`]),
  ];
}

function tool(name: string): string {
  const path = systemTool(name);
  if (path !== undefined) return path;
  throw new FixityError('unsupported', `this node has no ${name}, which the run specification needs`, {
    next: ['install util-linux and iproute2 on the node'],
  });
}
