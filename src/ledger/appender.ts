import { FixityError, type Instant, toInstant } from '#kernel';
import { emptyRoot, type Frontier, leafHash, sameHash } from '#merkle';
import type { SigningKey } from '#signing';
import { signCheckpoint } from './checkpoint.ts';
import { maximumLeafBytes } from './entry.ts';
import { openHead } from './head.ts';
import { signStatement } from './statement.ts';
import type { Batch, Head, LedgerStorage, RecordedCommand, StagedLeaf } from './storage.ts';

export interface AppenderOptions {
  readonly storage: LedgerStorage;
  /** The log's key; its name should be the origin (C2SP tlog-checkpoint). */
  readonly key: SigningKey;
  readonly origin: string;
}

/** A point to go back to: what was staged before it stays. */
export interface Marker {
  readonly leaves: number;
  readonly commands: number;
}

/** `recordedtime` of a ledger that holds nothing: earlier than any. */
const beginning = toInstant(0);

/**
 * Opens the ledger for its one writer.
 * @throws FixityError `tampered` when the head, its signature and the tiles do not agree.
 */
export async function openAppender(options: AppenderOptions): Promise<Appender> {
  const { head, frontier } = await openHead(options.storage, options.origin, [options.key.verifier]);
  return new Appender(options, head, frontier);
}

/**
 * Stages entries and commits them in groups: one storage append and one signed checkpoint for each group. Belongs to one
 * writer; nothing staged is visible or counted in `root` before {@link commit} resolved.
 */
export class Appender {
  readonly #options: AppenderOptions;
  #head: Head | undefined;
  #frontier: Frontier;
  #leaves: StagedLeaf[] = [];
  #commands: RecordedCommand[] = [];
  /** The head of a commit that began and has not ended, or failed: its outcome is not known. */
  #unsettled: Head | undefined;

  constructor(options: AppenderOptions, head: Head | undefined, frontier: Frontier) {
    this.#options = options;
    this.#head = head;
    this.#frontier = frontier;
  }

  /** Entries on the ledger, those staged included: the index of the next one. */
  get size(): number {
    return this.#frontier.size + this.#leaves.length;
  }

  /** The last committed head; undefined before the first entry. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** The last committed root. */
  get root(): Uint8Array {
    return this.#head?.root ?? emptyRoot;
  }

  /** `recordedtime` of the last entry, staged ones included; the beginning of time when there is none. */
  get lastRecorded(): Instant {
    return this.#leaves.at(-1)?.recordedtime ?? this.#head?.recordedtime ?? beginning;
  }

  /** Takes an entry up for the next commit and gives the index it will have. */
  stage(leaf: StagedLeaf): number {
    this.#refuseUnsettled();
    if (leaf.leaf.length > maximumLeafBytes) throw new RangeError(`a leaf of ${leaf.leaf.length} bytes`);
    if (leaf.recordedtime < this.lastRecorded) throw new RangeError('recordedtime would decrease along the ledger');
    this.#leaves.push(leaf);
    return this.size - 1;
  }

  stageCommand(command: RecordedCommand): void {
    this.#refuseUnsettled();
    this.#commands.push(command);
  }

  mark(): Marker {
    return { leaves: this.#leaves.length, commands: this.#commands.length };
  }

  /** Forgets what was staged after the mark: that of a refused command. */
  rewind(marker: Marker): void {
    this.#refuseUnsettled();
    this.#leaves.length = marker.leaves;
    this.#commands.length = marker.commands;
  }

  /** Forgets everything staged. */
  discard(): void {
    this.rewind({ leaves: 0, commands: 0 });
  }

  /**
   * Makes everything staged durable, all or nothing, under one signed checkpoint. When it throws, the outcome counts as
   * unknown and nothing more is taken up before {@link reread}.
   * @throws FixityError what the storage throws, such as `storage-full`, `storage-failed` or `version-conflict`.
   */
  async commit(): Promise<Head> {
    this.#refuseUnsettled();
    const recordedtime = this.#leaves.at(-1)?.recordedtime;
    if (recordedtime === undefined) {
      if (this.#head !== undefined && this.#commands.length === 0) return this.#head;
      throw new RangeError('a commit without entries');
    }
    const { origin, key, storage } = this.#options;
    const { frontier, tiles } = this.#frontier.append(this.#leaves.map(({ leaf }) => leafHash(leaf)));
    const [size, root] = [frontier.size, frontier.root()];
    const head = { size, root, checkpoint: signCheckpoint({ origin, size, root }, key), recordedtime };
    const batch: Batch = { from: this.#frontier.size, leaves: this.#leaves, tiles, commands: this.#commands, head };
    this.#unsettled = head;
    await storage.append(batch);
    this.#settle(head, frontier);
    return head;
  }

  /**
   * After a failed commit: reads the head again and takes up what it says. Everything staged is gone from here.
   * @returns whether the failed commit is on the ledger after all.
   * @throws FixityError `tampered` when the ledger is neither as before nor as the commit would have left it.
   */
  async reread(): Promise<boolean> {
    const { storage, origin, key } = this.#options;
    const { head, frontier } = await openHead(storage, origin, [key.verifier]);
    const attempted = this.#unsettled;
    if (!isSame(head, this.#head) && !isSame(head, attempted)) {
      throw new FixityError('tampered', 'someone else has written to this ledger', {
        facts: [`it held ${this.#frontier.size} entries, now it holds ${frontier.size}`],
      });
    }
    const landed = attempted !== undefined && isSame(head, attempted);
    this.#settle(head, frontier);
    return landed;
  }

  /** Signs "at the committed size, this subject is at this version" (see statement.ts): a note. */
  sign(subject: string, version: number): string {
    const { origin, key } = this.#options;
    return signStatement({ origin, size: this.#frontier.size, root: this.root, subject, version }, key);
  }

  #settle(head: Head | undefined, frontier: Frontier): void {
    this.#head = head;
    this.#frontier = frontier;
    this.#leaves = [];
    this.#commands = [];
    this.#unsettled = undefined;
  }

  #refuseUnsettled(): void {
    if (this.#unsettled === undefined) return;
    throw new FixityError('writer-stopped', 'the outcome of the last commit is not known', {
      next: ['try again with the same idempotency key'],
    });
  }
}

function isSame(one: Head | undefined, other: Head | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.size === other.size && sameHash(one.root, other.root);
}
