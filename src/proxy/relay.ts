import type { IncomingMessage, ServerResponse } from 'node:http';

/** An answer of at most this many bytes, in one chunk, leaves together with its head. */
const small = 8 * 1024;

/**
 * Hands an answer's body on, as fast as the client takes it. Ends and failures stay with the caller.
 *
 * A first small chunk is held until the next comes or until `flush`: a body that ends with it goes out as one string
 * with its head, which Node sends without gathering buffers.
 */
export class Relay {
  readonly #response: ServerResponse;
  #held: Buffer | undefined;
  #begun = false;

  constructor(answer: IncomingMessage, response: ServerResponse) {
    this.#response = response;
    answer.on('data', (chunk: Buffer) => {
      if (!this.#begun && chunk.length <= small) {
        this.#begun = true;
        this.#held = chunk;
        return;
      }
      this.flush();
      if (response.write(chunk) || response.destroyed) return;
      answer.pause();
      response.once('drain', () => answer.resume());
    });
  }

  /** Sends what is held. */
  flush(): void {
    this.#begun = true;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#response.write(held);
  }

  /** Ends the response with what is held. Every byte is one character of latin1, and back. */
  end(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) this.#response.end();
    else this.#response.end(held.toString('latin1'), 'latin1');
  }
}
