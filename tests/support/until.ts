import { setTimeout as pause } from 'node:timers/promises';

const longestMs = 60_000;
const paceMs = 25;

/**
 * Looks again and again until the look gives something, and gives that. A look that throws counts as nothing.
 * @throws Error that says what was waited for and why the last look gave nothing, when it takes over a minute.
 */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + longestMs;
  let last: unknown = 'it was not so';
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && (found as unknown) !== false) return found;
      last = 'it was not so';
    } catch (error) {
      last = (error as Error).message;
    }
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}: ${String(last)}`);
    await pause(paceMs);
  }
}
