import { setImmediate } from 'node:timers/promises';
import { asFixityError, type Clock, FixityError, type Instant, type Json, type RandomBytes } from '#kernel';
import type { Appender, LedgerStorage } from '#ledger';
import { subjectVersion, type ViewMachine } from '#views';
import type { CommandDefinition, CommandMeta, CommandResult, Writer } from './command.ts';
import { Decider } from './decider.ts';
import { CommandCatalogue, type CommandRequest } from './request.ts';

/** How many commands one commit takes at most: bounds how long the first of them waits. */
const largestGroup = 1_024;

export interface CommandLoopOptions {
  readonly storage: LedgerStorage;
  /** Opened on `storage`. */
  readonly appender: Appender;
  /** Started on `storage`. */
  readonly views: ViewMachine;
  readonly commands: readonly CommandDefinition[];
  readonly origin: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Where a test makes the process die: `ledger-committed` before the views are, `views-committed` before anyone knows. */
  readonly faults?: { at(point: 'ledger-committed' | 'views-committed'): void };
}

/** What a commit left. */
export interface CommitEvent {
  readonly size: number;
  /** `recordedtime` of the last entry. */
  readonly time: Instant;
}

interface Pending {
  readonly request: CommandRequest;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: FixityError) => void;
}

type Outcome = { readonly result: CommandResult } | { readonly error: FixityError };

/**
 * The one writer (design section 5): takes commands in groups as they come; decides, stages and folds each; commits the
 * ledger, then the views; only then acknowledges. Nobody else writes to the ledger or the views.
 *
 * What holds when a submit rejects: with `writer-stopped` the outcome is not known, and a repeat with the same command
 * id tells it; with any other code nothing of the command was recorded. Refusals too wait for the commit, because what
 * they were decided on may be part of it.
 */
export class CommandLoop implements Writer {
  readonly #options: CommandLoopOptions;
  readonly #catalogue: CommandCatalogue;
  readonly #decider: Decider;
  readonly #listeners = new Set<(commit: CommitEvent) => void>();
  #queue: Pending[] = [];
  /** What is to be asked between two commits. */
  #between: (() => void)[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  /** Why truth has to be read again before anything else is decided. */
  #doubt: unknown;

  constructor(options: CommandLoopOptions) {
    this.#options = options;
    this.#catalogue = new CommandCatalogue(options.commands);
    this.#decider = new Decider(options);
  }

  async submit<I, A extends Json>(command: CommandDefinition<I, A>, input: I, meta: CommandMeta) {
    return (await this.take({ name: command.name, input, meta })) as CommandResult<A>;
  }

  /** The same for a command that came as named data. */
  take(request: CommandRequest): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(stopped('the writer was closed'));
        return;
      }
      this.#queue.push({ request, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Signed between two commits, so that size, root and version belong together. */
  state(subject: string): Promise<string> {
    const { appender, views } = this.#options;
    return new Promise((resolve, reject) => {
      this.#between.push(() => {
        if (this.#doubt !== undefined) {
          reject(stopped('what the ledger holds is not known', this.#doubt));
          return;
        }
        const signed = attempt(() => appender.sign(subject, subjectVersion(views.reader, subject)));
        if ('error' in signed) reject(signed.error);
        else resolve(signed.value);
      });
      this.#running ??= this.#run();
    });
  }

  /** Called after every commit that recorded something, before its commands are acknowledged. */
  onCommit(listener: (commit: CommitEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Finishes what was taken and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 || this.#between.length > 0) {
      // One turn of the event loop lets in everything that has arrived by now: that is the group.
      await setImmediate();
      const group = this.#queue.splice(0, largestGroup);
      try {
        if (this.#doubt !== undefined) await this.#readTruthAgain();
        for (const ask of this.#between.splice(0)) ask();
        if (group.length > 0) await this.#process(group);
      } catch (error) {
        this.#doubt = error;
        rejectAll(group, stopped('the writer cannot tell what its ledger holds', error));
        for (const ask of this.#between.splice(0)) ask();
      }
    }
    this.#running = undefined;
  }

  /** @throws what kept the outcome of a commit from being known. */
  async #process(group: readonly Pending[]): Promise<void> {
    const { appender, views } = this.#options;
    const before = appender.size;
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#decideAll(group);
    } catch (error) {
      appender.discard();
      views.rollback();
      rejectAll(group, asFixityError(error));
      return;
    }
    if (appender.size === before) {
      views.rollback();
    } else {
      const failure = await this.#commit();
      if (failure !== undefined) {
        views.rollback();
        rejectAll(group, failure);
        return;
      }
      this.#options.faults?.at('ledger-committed');
      await this.#publish();
    }
    for (const [at, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[at];
      if (outcome !== undefined && 'result' in outcome) resolve(outcome.result);
      else reject(outcome?.error ?? stopped('the writer lost count'));
    }
  }

  /** Commits the ledger; returns why it did not when it certainly did not. @throws when even that cannot be read. */
  async #commit(): Promise<FixityError | undefined> {
    const { appender } = this.#options;
    try {
      await appender.commit();
      return undefined;
    } catch (error) {
      return (await appender.reread()) ? undefined : asFixityError(error);
    }
  }

  /** Decides within one open transaction of the views; a refusal undoes that command only. */
  async #decideAll(group: readonly Pending[]): Promise<readonly Outcome[]> {
    const { storage, views } = this.#options;
    const checked = group.map(({ request }) => attempt(() => this.#catalogue.check(request)));
    const keys = checked.flatMap((one) => ('value' in one && one.value.idempotency?.key) || []);
    const recorded = new Map(keys.length === 0 ? [] : await storage.commands(keys));
    views.begin();
    return checked.map((one) => {
      if ('error' in one) return one;
      const decided = attempt(() => this.#decider.decide(one.value, recorded));
      // The database may have ended the transaction with the failure: then the whole group is undone.
      if ('error' in decided && !views.inTransaction) throw decided.error;
      return 'error' in decided ? decided : { result: decided.value };
    });
  }

  /** The ledger is committed; the views follow from memory, or else from the ledger. */
  async #publish(): Promise<void> {
    const { appender, views, storage } = this.#options;
    try {
      views.commit();
    } catch {
      views.rollback();
      await views.start(storage);
    }
    this.#options.faults?.at('views-committed');
    const { head } = appender;
    if (head === undefined) return;
    for (const listener of this.#listeners) listener({ size: head.size, time: head.recordedtime });
  }

  async #readTruthAgain(): Promise<void> {
    const { appender, views, storage } = this.#options;
    views.rollback();
    await appender.reread();
    await views.start(storage);
    this.#doubt = undefined;
  }
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly error: FixityError } {
  try {
    return { value: work() };
  } catch (error) {
    return { error: asFixityError(error) };
  }
}

function rejectAll(group: readonly Pending[], failure: FixityError): void {
  for (const { reject } of group) reject(failure);
}

function stopped(why: string, cause?: unknown): FixityError {
  return new FixityError('writer-stopped', `${why}; whether this was recorded is not known`, {
    next: ['send the same request again with the same idempotency key: it tells'],
    cause,
  });
}
