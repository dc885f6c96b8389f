/** Lets one piece of work per key run at a time, in the order they came. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  busy(key: string): boolean {
    return this.#last.has(key);
  }

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
