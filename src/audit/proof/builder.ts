import type { ProofBundle } from '#contract';
import { type Digest, FixityError, type Json } from '#kernel';
import { encodeHashes, parseStatement, type Recorded } from '#ledger';
import { parseNote } from '#signing';
import { indexOfVersion } from '#views';
import type { ProofPorts } from './ports.ts';

type SubjectProof = ProofBundle['subjects'][number];

/** How often a subject that goes on being written to is looked at again. */
const tries = 10;

/** Collects what an answer rests on, and seals it under one checkpoint. */
export class ProofBuilder {
  readonly #ports: ProofPorts;
  readonly #indexes = new Set<number>();
  readonly #subjects = new Map<string, SubjectProof>();
  readonly #things = new Map<string, string>();

  constructor(ports: ProofPorts) {
    this.#ports = ports;
  }

  /** Adds an entry and answers with it. @throws FixityError `not-found`. */
  async entry(index: number): Promise<Recorded> {
    this.#indexes.add(index);
    return this.#ports.ledger.entry(index);
  }

  /**
   * Adds that one version of a subject was followed by the next, or, signed by the log, that it is the latest.
   * @param held the ledger index of that version; undefined when there was none.
   * @param last the version that `next` follows, when versions after `held` are added as well.
   */
  async subject(subject: string, held: number | undefined, last?: number): Promise<void> {
    const version = held === undefined ? 0 : Number((await this.entry(held)).entry.subjectversion);
    const known = held === undefined ? {} : { held };
    const follows = (last ?? version) + 1;
    for (let count = 0; count < tries; count += 1) {
      const next = indexOfVersion(this.#ports.views, subject, follows);
      if (next !== undefined) {
        await this.entry(next);
        this.#subjects.set(subject, { subject, ...known, next });
        return;
      }
      const statement = await this.#ports.writer.state(subject);
      if (parseStatement(parseNote(statement).text).version === follows - 1) {
        this.#subjects.set(subject, { subject, ...known, statement });
        return;
      }
    }
    throw new FixityError('timed-out', `${subject} changes faster than it can be proved`, { next: ['try again'] });
  }

  /** Adds a thing and answers with its bytes. @throws FixityError `not-found`, `too-large`, `tampered`. */
  async thing(digest: Digest, maximum: number): Promise<Uint8Array> {
    const bytes = await this.#ports.store.read(digest, maximum);
    this.#things.set(digest, Buffer.from(bytes).toString('base64'));
    return bytes;
  }

  /** Proves every entry under the head of now: what was asked before it is on it. */
  async seal(question: string, answer: unknown): Promise<ProofBundle> {
    const { ledger } = this.#ports;
    const head = await ledger.head();
    if (head === undefined)
      throw new FixityError('not-found', 'the ledger holds nothing yet', { next: ['fixity ship'] });
    const indexes = [...this.#indexes].toSorted((a, b) => a - b);
    const paths = await ledger.inclusions(indexes, head.size);
    const entries: ProofBundle['entries'] = [];
    for (const [place, index] of indexes.entries()) {
      const leaf = Buffer.from(await ledger.leaf(index)).toString('base64');
      entries.push({ index, leaf, hashes: encodeHashes(paths[place] ?? []) });
    }
    return {
      format: 'fixity-proof-v1',
      question,
      answer: answer as Json as never,
      checkpoint: head.checkpoint,
      entries,
      subjects: [...this.#subjects.values()],
      things: Object.fromEntries(this.#things),
    };
  }
}
