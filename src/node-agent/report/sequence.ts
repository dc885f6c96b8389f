import { join } from 'node:path';
import { FixityError } from '#kernel';
import { readIfThere, writeDurably } from '../durable.ts';

const block = 1_000;

/** Numbers that only count up, across crashes too: the file holds the last number of the block that may be in use. */
export class Sequence {
  readonly #path: string;
  #last: number;
  #reserved: number;

  /** @throws FixityError `storage-failed` when the file is damaged: a number used twice would be refused for ever. */
  constructor(data: string) {
    this.#path = join(data, 'sequence');
    const text = readIfThere(this.#path) ?? '0';
    this.#reserved = Number(text.trim());
    if (text.trim() === '' || !Number.isSafeInteger(this.#reserved) || this.#reserved < 0) {
      throw new FixityError('storage-failed', `${this.#path} does not hold a number`, {
        next: ['write a number above that of the last observation into it'],
      });
    }
    this.#last = this.#reserved;
  }

  next(): number {
    if (this.#last === this.#reserved) {
      writeDurably(this.#path, `${this.#reserved + block}\n`);
      this.#reserved += block;
    }
    this.#last += 1;
    return this.#last;
  }
}
