import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type Digest, FixityError, isDigest } from '#kernel';

const processName = z.strictObject({ pid: z.int().positive(), startTime: z.string().regex(/^\d+$/) });

const instanceState = z.strictObject({
  format: z.literal('fixity-instance-v1'),
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  /** `starting`, `stopping`: intended, the outcome is not known yet. `exited` by itself, `stopped` by command. */
  phase: z.enum(['starting', 'running', 'stopping', 'exited', 'stopped']),
  /** Random per start; every process of the instance is started with it in its environment. */
  token: z.string(),
  bootId: z.string(),
  intendedAt: z.string(),
  /** Present when it runs as another user than the node agent. `exclusive`: nothing else has this user. */
  user: z.strictObject({ uid: z.int(), gid: z.int(), exclusive: z.boolean() }).optional(),
  /** Present when it has a network of its own. */
  network: z.strictObject({ namespace: z.string(), link: z.string(), address: z.string() }).optional(),
  endpoints: z.array(z.strictObject({ name: z.string(), address: z.string(), port: z.int() })),
  renderedDigest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value)).optional(),
  notes: z.array(z.string()),
  process: processName.optional(),
  startedAt: z.string().optional(),
  exit: z.strictObject({ code: z.int().optional(), signal: z.string().optional() }).optional(),
  endedAt: z.string().optional(),
  killed: z.boolean().optional(),
  leftovers: z.int().optional(),
});

/** What the driver knows of an instance, as its `state.json`: written before each act and after it. */
export type InstanceState = z.output<typeof instanceState>;

export function encodeState(state: InstanceState): string {
  return `${JSON.stringify(instanceState.parse(state), undefined, 2)}\n`;
}

/** @throws FixityError `storage-failed` when the text is not a whole state of a known format. */
export function decodeState(text: string, path: string): InstanceState {
  try {
    return instanceState.parse(JSON.parse(text));
  } catch (cause) {
    throw new FixityError('storage-failed', `${path} is not the state of an instance`, {
      next: ['stop the processes of this instance by hand, then delete its folder'],
      cause,
    });
  }
}

/** Undefined when the folder holds no state: nothing was ever started from it. */
export async function readState(folder: string): Promise<InstanceState | undefined> {
  const path = join(folder, 'state.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return decodeState(text, path);
}

/** Durable when it returns: temporary name, fsync, rename, fsync of the folder. */
export async function writeState(folder: string, state: InstanceState): Promise<void> {
  const temporary = join(folder, 'state.json.new');
  await mkdir(folder, { recursive: true });
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(encodeState(state));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, 'state.json'));
  for (const path of [folder, dirname(folder)]) await syncFolder(path);
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
