import type { LogRequest } from '#contract';
import type { RandomBytes } from '#kernel';
import { shortId } from '#kernel';

export interface LogAnswer {
  readonly text: string;
  /** Byte offset after the text. */
  readonly offset: number;
  /** Why there is no text. */
  readonly missing?: string;
}

interface Pending {
  readonly node: string;
  readonly request: LogRequest;
  handedOut: boolean;
  answer(answer: LogAnswer): void;
}

/**
 * Carries questions about output to nodes, which call in, and their answers back. In memory only: a restart loses
 * questions, whose askers are gone too.
 */
export class LogExchange {
  readonly #random: RandomBytes;
  readonly #pending = new Map<string, Pending>();
  readonly #wakers = new Map<string, Set<() => void>>();

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  /** Asks a node; answers with why there is nothing when it does not answer in `milliseconds`. */
  ask(node: string, question: Omit<LogRequest, 'request'>, milliseconds: number): Promise<LogAnswer> {
    const request = shortId(12, this.#random);
    return new Promise((resolve) => {
      const settle = (answer: LogAnswer): void => {
        clearTimeout(timer);
        this.#pending.delete(request);
        resolve(answer);
      };
      const missing = `node ${node} did not answer within ${Math.round(milliseconds / 1000)} s`;
      const timer = setTimeout(() => settle({ text: '', offset: question.from ?? 0, missing }), milliseconds);
      this.#pending.set(request, { node, request: { request, ...question }, handedOut: false, answer: settle });
      for (const wake of this.#wakers.get(node) ?? []) wake();
    });
  }

  /** The questions for a node that it was not given yet. */
  handOut(node: string): LogRequest[] {
    const waiting = [...this.#pending.values()].filter((pending) => pending.node === node && !pending.handedOut);
    for (const pending of waiting) pending.handedOut = true;
    return waiting.map(({ request }) => request);
  }

  hasQuestions(node: string): boolean {
    return this.#pending.values().some((pending) => pending.node === node && !pending.handedOut);
  }

  /** Takes a node's answer; false when nobody asked this node that, or the asker went away. */
  deliver(node: string, request: string, answer: LogAnswer): boolean {
    const pending = this.#pending.get(request);
    if (pending?.node !== node) return false;
    pending.answer(answer);
    return true;
  }

  /** Calls `wake` whenever there is a question for the node; returns what ends that. */
  onQuestion(node: string, wake: () => void): () => void {
    const wakers = this.#wakers.get(node) ?? new Set();
    this.#wakers.set(node, wakers.add(wake));
    return () => {
      wakers.delete(wake);
      if (wakers.size === 0) this.#wakers.delete(node);
    };
  }
}
