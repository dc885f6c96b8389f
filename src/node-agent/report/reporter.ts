import { type Observation, type ObservedInstance, observationPayloadType } from '#contract';
import { asFixityError, canonicalBytes, toInstant } from '#kernel';
import { keyIdOf, type SigningKey, signEnvelope } from '#signing';
import { Pace, pause } from '../pace.ts';
import type { NodeAgentOptions } from '../ports.ts';
import type { ServerLink } from '../server/link.ts';
import { Sequence } from './sequence.ts';
import { type Sealed, Spool } from './spool.ts';

const heartbeatMs = 5_000;

/** What is seen now, without who says it and when. */
export interface Sight {
  readonly instances: readonly ObservedInstance[];
  readonly routed?: number | undefined;
}

/** Tells the server what the node sees: at once when it changes, and every five seconds as a sign of life. */
export class Reporter {
  readonly #options: NodeAgentOptions;
  readonly #link: ServerLink;
  readonly #key: SigningKey;
  readonly #sequence: Sequence;
  readonly #spool: Spool;
  readonly #look: () => Promise<Sight>;
  readonly #pace: Pace;
  #dirty = true;
  #wake = new AbortController();
  #away = false;

  constructor(options: NodeAgentOptions, link: ServerLink, key: SigningKey, look: () => Promise<Sight>) {
    this.#options = options;
    this.#link = link;
    this.#key = key;
    this.#look = look;
    this.#sequence = new Sequence(options.data);
    this.#spool = new Spool(options.data, (name) =>
      options.logger.error('a kept observation is unreadable and was set aside', { name }),
    );
    this.#pace = new Pace(250, heartbeatMs, options.random);
  }

  /** Something is different: the next observation is due now. */
  changed(): void {
    this.#dirty = true;
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#report();
      } catch (error) {
        this.#options.logger.error('what the node sees could not be reported', { error });
        this.#away = true;
      }
      if (this.#dirty && !this.#away) continue;
      const wait = this.#away ? this.#pace.next() : heartbeatMs;
      await pause(this.#options.scheduler, wait, AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  async #report(): Promise<void> {
    const isChange = this.#dirty;
    this.#dirty = false;
    const { sequence, sealed } = this.#seal(await this.#look());
    const taken = (await this.#sendSpool()) && (await this.#send(sealed));
    if (!taken && isChange) this.#keep(sequence, sealed);
    if (taken) this.#pace.reset();
    if (taken !== this.#away) return;
    this.#away = !taken;
    this.#options.logger[taken ? 'info' : 'warn'](taken ? 'the server is back' : 'the server is away');
  }

  #keep(sequence: number, sealed: Sealed): void {
    const lost = this.#spool.add(sequence, sealed);
    if (lost > 0) this.#options.logger.error('the oldest unsent observations had to go', { lost });
  }

  #seal({ instances, routed }: Sight): { sequence: number; sealed: Sealed } {
    const sequence = this.#sequence.next();
    const observation: Observation = {
      node: this.#options.node,
      sequence,
      time: toInstant(this.#options.clock.now()),
      instances: [...instances],
      ...(routed === undefined ? {} : { routed }),
    };
    const envelope = signEnvelope(observationPayloadType, canonicalBytes(observation), this.#key);
    const keyid = keyIdOf(this.#key.verifier);
    return { sequence, sealed: { ...envelope, signatures: envelope.signatures.map(({ sig }) => ({ keyid, sig })) } };
  }

  /** True when nothing is left to be sent before the newest. */
  async #sendSpool(): Promise<boolean> {
    for (let first = this.#spool.first(); first !== undefined; first = this.#spool.first()) {
      if (!(await this.#send(first))) return false;
      this.#spool.drop();
    }
    return true;
  }

  /** False when it should be tried again later; a refusal is final, and said. */
  async #send(sealed: Sealed): Promise<boolean> {
    try {
      await this.#link.observe(sealed);
      this.#options.faults.at('observation-sent');
      return true;
    } catch (error) {
      const refusal = asFixityError(error);
      if (refusal.retryable || refusal.code === 'unauthenticated' || refusal.code === 'internal') return false;
      this.#options.logger.error('an observation was refused', { error: refusal });
      return true;
    }
  }
}
