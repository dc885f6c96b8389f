import { FixityError } from '#kernel';

/** So many problems of one kind are named; the rest are counted. */
const namedAtMost = 20;

/** The problems of one part of a folder, in the order they were found. */
export class Findings {
  readonly #named: string[] = [];
  readonly #what: string;
  #count = 0;

  /** @param what the plural that the uncounted rest goes by, for example `entries`. */
  constructor(what: string) {
    this.#what = what;
  }

  get count(): number {
    return this.#count;
  }

  add(problem: string): void {
    this.#count += 1;
    if (this.#named.length < namedAtMost) this.#named.push(problem);
  }

  list(): readonly string[] {
    const rest = this.#count - this.#named.length;
    return rest === 0 ? this.#named : [...this.#named, `${this.#what}: ${grouped(rest)} more problems like these`];
  }

  /** Does the work; damage it meets is a problem of `file`, anything else is thrown on. */
  async meet<T>(file: string, work: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FixityError) || error.code !== 'tampered') throw error;
      this.add(`${file}: ${error.message}`);
      return undefined;
    }
  }
}

/** 48213 becomes `48,213`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 entry`, `48,213 entries`. */
export function counted(count: number, one: string, many: string): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
