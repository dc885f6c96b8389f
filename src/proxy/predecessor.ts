import { request as httpRequest } from 'node:http';
import { createInterface } from 'node:readline';
import { FixityError } from '#kernel';
import { type Claim, claimFolder } from './claim.ts';
import { controlPath } from './control.ts';

/** How long a predecessor may take to stop accepting. */
const patience = 5_000;

/** What an earlier proxy of the folder still has in flight, as it tells while it drains. */
export interface Predecessor {
  readonly inFlight: () => Readonly<Record<string, number>>;
}

/**
 * Tells the proxy that serves the folder to stop, and follows what it has in flight until it is gone.
 * Resolves when it no longer accepts connections.
 * @throws FixityError `timed-out` or `unreachable` when it does not answer on its control socket.
 */
export async function stopPredecessor(folder: string): Promise<Predecessor> {
  let inFlight: Readonly<Record<string, number>> = {};
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    reject(new FixityError('timed-out', `the proxy in force did not stop accepting within ${patience} ms`));
  }, patience);
  const request = httpRequest({ socketPath: controlPath(folder), path: '/stop', method: 'POST' }, (response) => {
    const lines = createInterface({ input: response });
    lines.on('line', (line) => {
      inFlight = readInFlight(line);
      resolve();
    });
    lines.on('close', () => {
      inFlight = {};
      resolve();
    });
    response.on('error', () => lines.close());
  });
  request.on('error', (cause) => {
    reject(new FixityError('unreachable', 'the proxy in force does not answer on its control socket', { cause }));
  });
  request.on('socket', (socket) => socket.unref());
  request.end();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
  return { inFlight: () => inFlight };
}

/** Claims the folder once its former holder has let go. @throws FixityError `data-locked` when somebody else was faster. */
export async function claimAfter(folder: string): Promise<Claim> {
  const claim = await claimFolder(folder);
  if (claim === undefined) throw alreadyServed(folder);
  return claim;
}

export function alreadyServed(folder: string): FixityError {
  return new FixityError('data-locked', `another proxy serves from ${folder}`, {
    next: ['stop it first, or start with --take-over to replace it without a failed request'],
  });
}

function readInFlight(line: string): Readonly<Record<string, number>> {
  try {
    const { inFlight } = JSON.parse(line) as { inFlight?: Readonly<Record<string, number>> };
    return inFlight ?? {};
  } catch {
    return {};
  }
}
