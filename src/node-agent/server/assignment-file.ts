import { join } from 'node:path';
import { type Assignments, assignments } from '#contract';
import { canonicalJson } from '#kernel';
import type { Logger } from '#telemetry';
import { readIfThere, writeDurably } from '../durable.ts';

/** The last assignments, kept so that a node goes on without its server. */
export class AssignmentFile {
  readonly #path: string;

  constructor(data: string) {
    this.#path = join(data, 'assignments.json');
  }

  /** Undefined before the first ones, and when they are unreadable: the server has them. */
  read(logger: Logger): Assignments | undefined {
    const text = readIfThere(this.#path);
    if (text === undefined) return undefined;
    try {
      return assignments.parse(JSON.parse(text));
    } catch (error) {
      logger.error('the kept assignments are unreadable; waiting for the server', { error });
      return undefined;
    }
  }

  write(assigned: Assignments): void {
    writeDurably(this.#path, `${canonicalJson({ ...assigned, logs: [] })}\n`);
  }
}
