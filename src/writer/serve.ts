import type { CommandResult } from './command.ts';
import type { CommandLoop, CommitEvent } from './loop.ts';
import { toWire, type WriterAnswer, type WriterAsk, type WriterNews } from './wire.ts';

/** What is needed of the worker's `parentPort`. */
export interface WriterPort {
  postMessage(news: WriterNews): void;
  on(event: 'message', listener: (asks: readonly WriterAsk[]) => void): unknown;
  close(): void;
}

/**
 * Serves a command loop to the thread behind the port. Answers of one group cross in one message, behind the news of
 * their commit. `close` is called when the other side closed the writer and everything taken is answered.
 */
export function serveWriter(port: WriterPort, loop: CommandLoop, close: () => void): void {
  let answers: WriterAnswer[] = [];
  let commits: CommitEvent[] = [];
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    port.postMessage({ kind: 'answers', answers, commits });
    answers = [];
    commits = [];
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    // Behind every promise that the same commit settles.
    process.nextTick(flush);
  };
  const answer = async (id: number, result: Promise<CommandResult | string | undefined>) => {
    try {
      // Awaited before `answers` is looked at: a flush meanwhile puts another array in its place.
      const settled = await result;
      answers.push({ id, result: settled });
    } catch (error) {
      answers.push({ id, error: toWire(error) });
    }
    schedule();
  };
  const end = async (id: number): Promise<void> => {
    await loop.close();
    await answer(id, Promise.resolve(undefined));
    setImmediate(() => {
      close();
      port.close();
    });
  };

  loop.onCommit((commit) => {
    commits.push(commit);
    schedule();
  });
  port.on('message', (asks) => {
    for (const ask of asks) {
      if (ask.kind === 'command') void answer(ask.id, loop.take(ask.request));
      else if (ask.kind === 'state') void answer(ask.id, loop.state(ask.subject));
      else void end(ask.id);
    }
  });
}
