import { join } from 'node:path';
import { z } from 'zod';
import { instanceStates } from '#contract';
import { canonicalJson } from '#kernel';
import type { Logger } from '#telemetry';
import { readIfThere, writeDurably } from '../durable.ts';
import type { Life } from './life.ts';

const remembered = z.object({
  state: z.enum(instanceStates),
  since: z.string(),
  detail: z.string().optional(),
  proven: z.boolean(),
  restarts: z.int(),
  quick: z.int(),
});
const memory = z.object({ instances: z.record(z.string(), remembered) });

/** What must be known of instances after the node agent started again and cannot be seen: `instances.json`. */
export class LifeMemory {
  readonly #path: string;
  #written = '';

  constructor(data: string) {
    this.#path = join(data, 'instances.json');
  }

  /** Empty when there is none or it is unreadable: then instances are judged anew. */
  read(logger: Logger): Map<string, Life> {
    const text = readIfThere(this.#path);
    if (text === undefined) return new Map();
    try {
      const { instances } = memory.parse(JSON.parse(text));
      return new Map(Object.entries(instances).map(([id, life]) => [id, { ...life, good: 0, bad: 0 }]));
    } catch (error) {
      logger.error('what was known of the instances is unreadable; they are judged anew', { error });
      return new Map();
    }
  }

  /** Writes when something worth remembering changed. */
  write(lives: ReadonlyMap<string, Life>): void {
    const instances = Object.fromEntries(
      [...lives].map(([id, { good: _good, bad: _bad, ...life }]) => [id, memorable(life)]),
    );
    const text = `${canonicalJson({ instances })}\n`;
    if (text === this.#written) return;
    writeDurably(this.#path, text);
    this.#written = text;
  }
}

/** Why an instance is not yet well changes with every check, and is not worth a write. */
function memorable(life: Omit<Life, 'good' | 'bad'>) {
  return life.state === 'starting' ? { ...life, detail: undefined } : life;
}
