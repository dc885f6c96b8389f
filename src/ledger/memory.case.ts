import { FixityError } from '#kernel';
import type { Batch, Head, LedgerStorage, RecordedCommand, StagedLeaf } from './storage.ts';

/** A ledger in memory, for tests: it passes the same contract suite as the drivers, and can be told to fail. */
export class MemoryLedger implements LedgerStorage {
  stored: Head | undefined;
  readonly staged: StagedLeaf[] = [];
  readonly tiles = new Map<string, Uint8Array>();
  readonly recorded = new Map<string, RecordedCommand>();
  /** What becomes of the next append: `lost` fails before it is stored, `landed` fails after. */
  fault: 'lost' | 'landed' | undefined;
  appends = 0;

  head(): Promise<Head | undefined> {
    return Promise.resolve(this.stored);
  }

  leaves(from: number, to: number): Promise<Uint8Array[]> {
    return Promise.resolve(this.staged.slice(from, to).map(({ leaf }) => leaf));
  }

  tile(level: number, index: number): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.tiles.get(`${level}/${index}`));
  }

  sizeAt(recorded: string): Promise<number> {
    return Promise.resolve(this.staged.filter(({ recordedtime }) => recordedtime <= recorded).length);
  }

  commands(keys: readonly string[]): Promise<ReadonlyMap<string, RecordedCommand>> {
    const wanted = new Set(keys);
    return Promise.resolve(new Map([...this.recorded].filter(([key]) => wanted.has(key))));
  }

  async append(batch: Batch): Promise<void> {
    const fault = this.fault;
    this.fault = undefined;
    if (fault === 'lost') throw new FixityError('storage-failed', 'the disk failed before the commit');
    this.#check(batch);
    this.appends += 1;
    this.staged.push(...batch.leaves);
    for (const { level, index, hashes } of batch.tiles) this.tiles.set(`${level}/${index}`, hashes);
    for (const command of batch.commands) this.recorded.set(command.key, command);
    this.stored = batch.head;
    if (fault === 'landed') throw new FixityError('storage-failed', 'the disk failed after the commit');
    return Promise.resolve();
  }

  /** Nothing is held beyond memory; what was stored stays, as a closed file would. */
  close(): void {
    this.fault = undefined;
  }

  #check({ from, leaves, commands }: Batch): void {
    if (from !== this.staged.length) throw new FixityError('data-locked', 'the ledger is of another size');
    const versions = [...this.staged, ...leaves].map(({ subject, version }) => `${subject} ${version}`);
    if (new Set(versions).size < versions.length) throw new FixityError('version-conflict', 'a version is taken');
    if (commands.some(({ key }) => this.recorded.has(key))) throw new FixityError('command-reused', 'it was recorded');
  }
}
