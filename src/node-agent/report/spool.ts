import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { envelope } from '#contract';
import { readIfThere, writeDurably } from '../durable.ts';

export type Sealed = z.output<typeof envelope>;

/** Signed observations that the server could not take yet, each in a file named by its number, oldest first. */
export class Spool {
  readonly #folder: string;
  readonly #most: number;
  #names: string[];

  readonly #setAside: (name: string) => void;

  constructor(data: string, setAside: (name: string) => void, most = 2_000) {
    this.#setAside = setAside;
    this.#folder = join(data, 'spool');
    this.#most = most;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const names = readdirSync(this.#folder).filter((name) => /^\d{16}\.json$/.test(name));
    this.#names = names.sort();
  }

  get size(): number {
    return this.#names.length;
  }

  /** Keeps one; answers how many of the oldest had to go for it. */
  add(sequence: number, sealed: Sealed): number {
    const name = `${String(sequence).padStart(16, '0')}.json`;
    writeDurably(join(this.#folder, name), JSON.stringify(sealed));
    this.#names.push(name);
    const surplus = Math.max(0, this.#names.length - this.#most);
    for (let gone = 0; gone < surplus; gone += 1) this.drop();
    return surplus;
  }

  /**
   * The oldest; undefined when there is none. One that is unreadable is set aside under `<name>.unreadable`, and told.
   */
  first(): Sealed | undefined {
    for (let [name] = this.#names; name !== undefined; [name] = this.#names) {
      const parsed = envelope.safeParse(parsedJson(readIfThere(join(this.#folder, name))));
      if (parsed.success) return parsed.data;
      this.#names.shift();
      renameSync(join(this.#folder, name), join(this.#folder, `${name}.unreadable`));
      this.#setAside(name);
    }
    return undefined;
  }

  /** Drops the oldest, which was taken or never will be. */
  drop(): void {
    const name = this.#names.shift();
    if (name !== undefined) rmSync(join(this.#folder, name), { force: true });
  }
}

function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}
