import { canonicalJson, type Digest, digestOf, FixityError } from '#kernel';
import { entrySchema } from '#ledger';
import type { CommandDefinition, CommandMeta } from './command.ts';

/** A command as it crosses threads: named data. */
export interface CommandRequest {
  readonly name: string;
  readonly input: unknown;
  readonly meta: CommandMeta;
}

/** How a repeat is recognised: only where the caller gave a command id. */
export interface Idempotency {
  readonly key: string;
  readonly request: Digest;
}

/** A request whose command is known and whose input is checked. */
export interface CheckedRequest {
  readonly command: CommandDefinition<unknown>;
  readonly input: unknown;
  readonly meta: CommandMeta;
  readonly idempotency: Idempotency | undefined;
}

/** The commands of all rooms by name. */
export class CommandCatalogue {
  readonly #byName: ReadonlyMap<string, CommandDefinition<unknown>>;

  constructor(commands: readonly CommandDefinition[]) {
    const known = commands as unknown as readonly CommandDefinition<unknown>[];
    this.#byName = new Map(known.map((command) => [command.name, command]));
    if (this.#byName.size !== commands.length) throw new Error('two commands share one name');
  }

  /** @throws FixityError `invalid-input` when the actor, the command id or the input does not fit. */
  check({ name, input, meta }: CommandRequest): CheckedRequest {
    const command = this.#byName.get(name);
    if (command === undefined) throw new FixityError('unsupported', `there is no command ${name}`);
    checkMeta(meta);
    const checked = command.input.safeParse(input);
    if (!checked.success) {
      throw new FixityError('invalid-input', `${name} cannot take this input`, {
        facts: checked.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`),
      });
    }
    return { command, input: checked.data, meta, idempotency: idempotencyOf(name, input, meta) };
  }
}

function checkMeta({ actor, commandId }: CommandMeta): void {
  if (!entrySchema.shape.actor.safeParse(actor).success) {
    throw new FixityError('invalid-input', `"${actor}" is not an actor`);
  }
  if (commandId !== undefined && !/^[\x21-\x7e]{1,128}$/.test(commandId)) {
    throw new FixityError('invalid-input', 'the idempotency key does not fit', {
      next: ['use 1 to 128 printable ASCII characters without spaces, for example a UUID'],
    });
  }
}

function idempotencyOf(name: string, input: unknown, { actor, commandId }: CommandMeta): Idempotency | undefined {
  if (commandId === undefined) return undefined;
  try {
    return { key: `${actor} ${commandId}`, request: digestOf(canonicalJson([name, input ?? null])) };
  } catch (cause) {
    throw new FixityError('invalid-input', `${name} takes JSON without floats`, { cause });
  }
}
