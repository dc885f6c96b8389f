import { z } from 'zod';
import { openSqliteLedger, openViewDatabase } from '#drivers/sqlite';
import { FixityError, subject } from '#kernel';
import { type Batch, defineEntry, draft, type LedgerStorage, openAppender } from '#ledger';
import { generateKey } from '#signing';
import { type Fold, on, ViewMachine } from '#views';
import { type CommandDefinition, CommandLoop, defineCommand } from './index.ts';

export const origin = 'test.example/log';
const key = generateKey(origin, (size) => new Uint8Array(size).fill(7));

export const noted = defineEntry({
  type: 'dev.fixity.test.noted.v1',
  data: z.strictObject({ text: z.string().max(1_000) }),
  touches: () => [],
  says: ({ text }) => `noted ${text}`,
});

const fold: Fold = {
  room: 'test',
  version: 1,
  tables: [
    'CREATE TABLE test_notes (subject TEXT NOT NULL, text TEXT NOT NULL, time TEXT NOT NULL) STRICT',
    'CREATE INDEX test_notes_subject ON test_notes (subject)',
  ],
  on: [
    on(noted, ({ entry }, views) => {
      views.run('INSERT INTO test_notes VALUES (?, ?, ?)', entry.subject, entry.data.text, entry.time);
      if (entry.data.text === 'unfoldable') throw new Error('this cannot be folded');
    }),
  ],
};

/** Notes each text on a node, all or none; refuses `refused`, records nothing for no texts. */
export const note = defineCommand({
  name: 'test.note',
  input: z.strictObject({ node: z.string(), texts: z.array(z.string()), time: z.string().exactOptional() }),
  decide({ version }, { node, texts, time }) {
    if (texts.includes('refused')) return { refusal: new FixityError('nothing-to-do', 'refused as asked') };
    const on = subject('node', node);
    const when = time === undefined ? {} : { time };
    return { entries: texts.map((text) => draft(noted, on, { text }, when)), answer: { was: version(on) } };
  },
});

/** A ledger whose next append fails: before it wrote, after it wrote, or so that not even reading works for a while. */
export class FailingLedger implements LedgerStorage {
  readonly #inner: LedgerStorage;
  next: 'works' | 'is full' | 'lands and fails' | 'goes away' | 'lands and goes away' = 'works';
  away = false;
  appends = 0;

  constructor(inner: LedgerStorage) {
    this.#inner = inner;
  }

  async append(batch: Batch): Promise<void> {
    this.appends += 1;
    const now = this.next;
    this.next = 'works';
    if (now === 'works' || now === 'lands and fails' || now === 'lands and goes away') await this.#inner.append(batch);
    if (now === 'goes away' || now === 'lands and goes away') this.away = true;
    if (now === 'is full') throw new FixityError('storage-full', 'no space is left');
    if (now !== 'works') throw new FixityError('storage-failed', 'the disk is gone');
  }

  async head() {
    if (this.away) throw new FixityError('storage-failed', 'the disk is gone');
    return await this.#inner.head();
  }

  leaves = (from: number, to: number) => this.#inner.leaves(from, to);
  tile = (level: number, index: number) => this.#inner.tile(level, index);
  sizeAt = (recorded: string) => this.#inner.sizeAt(recorded);
  commands = (keys: readonly string[]) => this.#inner.commands(keys);
  close = () => this.#inner.close();
}

export interface Rig {
  readonly loop: CommandLoop;
  readonly views: ViewMachine;
  readonly storage: FailingLedger;
  readonly key: typeof key;
  /** The row digest of views folded from this ledger from the beginning. */
  rebuiltDigest(): Promise<string>;
  close(): Promise<void>;
}

/** A command loop on real databases in a folder; opened again on the same folder it is a restart. */
export async function openRig(folder: string, { now = () => 0 }: { now?: () => number } = {}): Promise<Rig> {
  const storage = new FailingLedger(openSqliteLedger(`${folder}/ledger.db`));
  const database = openViewDatabase(`${folder}/views.db`);
  const views = new ViewMachine({ database, folds: [fold], origin });
  const appender = await openAppender({ storage, key, origin });
  await views.start(storage);
  let counter = 0;
  const random = (size: number) =>
    new Uint8Array(size).map(() => (counter = (counter * 1_103_515_245 + 12_345) % 2 ** 31) >> 16);
  const commands = [note] as unknown as readonly CommandDefinition[];
  const loop = new CommandLoop({ storage, appender, views, commands, origin, clock: { now }, random });
  return {
    loop,
    views,
    storage,
    key,
    async rebuiltDigest() {
      const fresh = openViewDatabase(':memory:');
      const rebuilt = new ViewMachine({ database: fresh, folds: [fold], origin });
      await rebuilt.start(storage);
      const digest = rebuilt.rowDigest();
      fresh.close();
      return digest;
    },
    async close() {
      await loop.close();
      storage.close();
      database.close();
    },
  };
}
