import type { ThreadWriter } from './thread.ts';

/** Lets many wait for the ledger to grow, with one listener on the writer. */
export class CommitFollower {
  #size: number;
  readonly #waiting = new Set<{ readonly beyond: number; readonly wake: () => void }>();
  readonly #stop: () => void;

  /** `size`: how many entries there are already. */
  constructor(writer: Pick<ThreadWriter, 'onCommit'>, size: number) {
    this.#size = size;
    this.#stop = writer.onCommit((commit) => {
      this.#size = Math.max(this.#size, commit.size);
      for (const one of this.#waiting) if (this.#size > one.beyond) one.wake();
    });
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the ledger holds more than `size` entries, after `milliseconds`, or when the signal aborts. */
  waitForCommit(size: number, milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (this.#size > size || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(one);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const one = { beyond: size, wake };
      const timer = setTimeout(wake, Math.min(milliseconds, 2 ** 31 - 1));
      this.#waiting.add(one);
      signal?.addEventListener('abort', wake);
    });
  }

  /** Wakes everybody and follows no longer. */
  close(): void {
    this.#stop();
    for (const { wake } of this.#waiting) wake();
  }
}
