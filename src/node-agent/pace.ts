import type { RandomBytes } from '#kernel';
import type { Scheduler } from './ports.ts';

/** Pauses that double from `first` to `longest` milliseconds, each shortened by chance by up to half. */
export class Pace {
  readonly #first: number;
  readonly #longest: number;
  readonly #random: RandomBytes;
  #next: number;

  constructor(first: number, longest: number, random: RandomBytes) {
    this.#first = first;
    this.#longest = longest;
    this.#random = random;
    this.#next = first;
  }

  /** The pause before another try. */
  next(): number {
    const pause = this.#next;
    this.#next = Math.min(pause * 2, this.#longest);
    return Math.round(pause * (1 - (this.#random(1)[0] ?? 0) / 512));
  }

  /** After a success: the next pause is the first again. */
  reset(): void {
    this.#next = this.#first;
  }
}

/** Resolves after so many milliseconds, or at once when aborted. */
export function pause(scheduler: Scheduler, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = scheduler.after(milliseconds, done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
