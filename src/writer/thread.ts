/* oxlint-disable unicorn/require-post-message-target-origin -- a thread's port is no window and has no origin */
import { FixityError, type Json } from '#kernel';
import type { CommandDefinition, CommandMeta, CommandResult, Writer } from './command.ts';
import type { CommitEvent } from './loop.ts';
import { fromWire, toWire, type WriterAnswer, type WriterAsk, type WriterNews, type WriterReady } from './wire.ts';

/** What is needed of a `Worker` (node:worker_threads). */
export interface WriterWorker {
  postMessage(asks: readonly WriterAsk[]): void;
  on(event: 'message', listener: (news: WriterNews) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
}

/** The writer in another thread. */
export interface ThreadWriter extends Writer {
  /** Settles when the writer has opened its ledger and views, or could not. Until then submits wait. */
  readonly ready: Promise<WriterReady>;
  /** Called in this thread after every commit that recorded something; returns how to stop. */
  onCommit(listener: (commit: CommitEvent) => void): () => void;
  /** Finishes what was submitted, closes the databases and ends the thread. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: FixityError) => void;
}

/**
 * The writer as other threads see it: commands cross as named data, many in one message when they were asked for in
 * the same turn of the event loop. When the thread ends, everything that waits rejects with `writer-stopped`.
 */
export function createThreadWriter(worker: WriterWorker): ThreadWriter {
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<(commit: CommitEvent) => void>();
  const ready = Promise.withResolvers<WriterReady>();
  // Whoever does not ask for `ready` learns of the failure from what is submitted.
  ready.promise.catch(() => undefined);
  let asks: WriterAsk[] = [];
  let nextId = 0;
  let ended: FixityError | undefined;

  const refuse = ({ id }: WriterAsk, cause: unknown): void => {
    const refusal = new FixityError('invalid-input', 'a command takes JSON only', { cause });
    settle(waiting, { id, error: toWire(refusal) });
  };
  const postAlone = (one: WriterAsk): void => {
    try {
      worker.postMessage([one]);
    } catch (cause) {
      refuse(one, cause);
    }
  };
  const flush = (): void => {
    const batch = asks;
    asks = [];
    try {
      worker.postMessage(batch);
    } catch {
      // Something in it cannot be cloned: the others go alone.
      for (const one of batch) postAlone(one);
    }
  };
  const ask = <T>(make: (id: number) => WriterAsk): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      if (asks.push(make(id)) === 1) setImmediate(flush);
    });
  const end = (cause: FixityError): void => {
    ended ??= cause;
    ready.reject(ended);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };

  worker.on('message', (news) => {
    if (news.kind === 'ready') ready.resolve(news.ready);
    else if (news.kind === 'failed') end(fromWire(news.error));
    else {
      for (const commit of news.commits) for (const listener of listeners) listener(commit);
      for (const answer of news.answers) settle(waiting, answer);
    }
  });
  worker.on('error', (cause) => end(gone(cause)));
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      end(gone());
      resolve();
    });
  });

  return {
    ready: ready.promise,
    submit: <I, A extends Json>({ name }: CommandDefinition<I, A>, input: I, meta: CommandMeta) =>
      ask<CommandResult<A>>((id) => ({ id, kind: 'command', request: { name, input, meta } })),
    state: (subject) => ask<string>((id) => ({ id, kind: 'state', subject })),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (ended === undefined) await ask<void>((id) => ({ id, kind: 'close' }));
      await exited;
    },
  };
}

function settle(waiting: Map<number, Waiting>, answer: WriterAnswer): void {
  const one = waiting.get(answer.id);
  waiting.delete(answer.id);
  if ('error' in answer) one?.reject(fromWire(answer.error));
  else one?.resolve(answer.result as never);
}

function gone(cause?: unknown): FixityError {
  return new FixityError('writer-stopped', 'the writer thread has ended; whether this was recorded is not known', {
    next: ['start the server again, then send the same request with the same idempotency key'],
    cause,
  });
}
