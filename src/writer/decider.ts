import {
  asFixityError,
  type Clock,
  FixityError,
  fromInstant,
  type RandomBytes,
  shortId,
  toInstant,
  uuidv7,
} from '#kernel';
import { type Appender, type Draft, type Entry, leafBytes, type RecordedCommand } from '#ledger';
import { subjectVersion, type ViewMachine } from '#views';
import type { CommandResult } from './command.ts';
import type { CheckedRequest } from './request.ts';
import { stamp } from './stamp.ts';

export interface DeciderOptions {
  readonly appender: Appender;
  readonly views: ViewMachine;
  readonly origin: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Decides one command after another: stages its entries on the ledger and folds them, all or nothing. */
export class Decider {
  readonly #options: DeciderOptions;

  constructor(options: DeciderOptions) {
    this.#options = options;
  }

  /**
   * @param recorded commands by key that were recorded before; a command with a key is added to it.
   * @throws FixityError the refusal: then nothing of this command is staged or folded.
   */
  decide(request: CheckedRequest, recorded: Map<string, RecordedCommand>): CommandResult {
    const { appender, views } = this.#options;
    const first = request.idempotency && recorded.get(request.idempotency.key);
    if (first !== undefined) return repeat(request, first);
    const mark = appender.mark();
    try {
      return views.savepoint(() => this.#decideNew(request, recorded));
    } catch (error) {
      appender.rewind(mark);
      throw error;
    }
  }

  #decideNew({ command, input, meta, idempotency }: CheckedRequest, recorded: Map<string, RecordedCommand>) {
    const { appender, views, clock, random } = this.#options;
    const version = (subject: string) => subjectVersion(views.reader, subject);
    if (meta.ifMatch !== undefined && version(meta.ifMatch.subject) !== meta.ifMatch.version) {
      throw conflict(meta.ifMatch.subject, meta.ifMatch.version, version(meta.ifMatch.subject));
    }
    const now = laterOf(appender.lastRecorded, toInstant(clock.now()));
    const decision = command.decide(
      {
        views: views.reader,
        now,
        actor: meta.actor,
        size: appender.size,
        version,
        id: (length = 6) => shortId(length, random),
      },
      input,
    );
    if ('refusal' in decision) throw decision.refusal;
    const firstIndex = appender.size;
    const commandId = meta.commandId ?? uuidv7(fromInstant(now), random);
    for (const draft of decision.entries) this.#record(draft, { now, actor: meta.actor, commandId });
    const count = decision.entries.length;
    if (idempotency !== undefined && count > 0) {
      const command = { ...idempotency, answer: decision.answer, firstIndex, count };
      appender.stageCommand(command);
      recorded.set(idempotency.key, command);
    }
    return { answer: decision.answer, indexes: indexes(firstIndex, count), size: appender.size, repeated: false };
  }

  #record(draft: Draft, { now, actor, commandId }: { now: string; actor: string; commandId: string }): void {
    const { appender, views, origin, random } = this.#options;
    const version = subjectVersion(views.reader, draft.subject) + 1;
    if (draft.expect !== undefined && draft.expect !== version) {
      throw conflict(draft.subject, draft.expect - 1, version - 1);
    }
    const entry = stamp(draft, {
      source: origin,
      actor,
      commandId,
      recordedtime: now,
      version,
      milliseconds: fromInstant(now),
      random,
    });
    const leaf = leafBytes(entry);
    const index = appender.stage({ leaf, subject: draft.subject, version, recordedtime: now });
    // Folded from the leaf, member order and all, so that a rebuild sees exactly the same.
    fold(views, index, JSON.parse(Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString()) as Entry);
  }
}

function fold(views: ViewMachine, index: number, entry: Entry): void {
  try {
    views.apply([{ index, entry }]);
  } catch (cause) {
    const { code, message } = asFixityError(cause);
    if (code === 'storage-full' || code === 'storage-failed') throw cause;
    throw new FixityError('internal', `${entry.type} cannot be folded: ${message}`, { cause });
  }
}

function repeat({ idempotency, command }: CheckedRequest, first: RecordedCommand): CommandResult {
  if (first.request !== idempotency?.request) {
    throw new FixityError('command-reused', 'this idempotency key was used for another request', {
      facts: [`the first was recorded at entry ${first.firstIndex}`, `this one is ${command.name}`],
      next: ['send the first request again unchanged, or use a fresh key'],
    });
  }
  const { answer, firstIndex, count } = first;
  return { answer, indexes: indexes(firstIndex, count), size: firstIndex + count, repeated: true };
}

function conflict(subject: string, expected: number, present: number): FixityError {
  return new FixityError('version-conflict', `${subject} is at version ${present}, not ${expected}`, {
    next: ['read it again, and decide again on what it is now'],
    members: { subject, expected, present },
  });
}

function indexes(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, offset) => from + offset);
}

function laterOf(one: string, other: string): string {
  return one > other ? one : other;
}
