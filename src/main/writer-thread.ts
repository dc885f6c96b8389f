import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createThreadWriter, type ThreadWriter } from '#writer';

/** What the writer thread is told: where its files are and which ledger it writes. */
export interface WriterData {
  readonly ledger: string;
  readonly views: string;
  readonly key: string;
  /** The origin line of the ledger's checkpoints, and the name of its key. */
  readonly origin: string;
  /** Folds the views from the beginning. */
  readonly rebuild?: boolean;
}

/** Where the writer's files are in a data folder. */
export function writerFiles(folder: string) {
  return {
    ledger: join(folder, 'ledger.db'),
    views: join(folder, 'views.db'),
    key: join(folder, 'keys', 'log.key'),
  };
}

/** Starts the writer thread on a data folder that this process has locked. Await its `ready`. */
export function startWriterThread(folder: string, options: Pick<WriterData, 'origin' | 'rebuild'>): ThreadWriter {
  const data: WriterData = { ...writerFiles(folder), ...options };
  return createThreadWriter(new Worker(new URL('./writer.ts', import.meta.url), { workerData: data }));
}
