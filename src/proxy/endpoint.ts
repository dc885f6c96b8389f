import { Agent } from 'node:http';
import type { Clock } from '#kernel';

export interface EndpointAddress {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
}

/** Idle connections are closed before servers commonly close them (Node: 5 s), so that few are found stale. */
const idleMilliseconds = 4_000;
const idleConnections = 256;

/** An endpoint's agent has one place to connect to, so that its lists need no key made anew for each request. */
class EndpointAgent extends Agent {
  override getName(): string {
    return 'endpoint';
  }
}

/** One address that answers for an instance: its kept-alive connections, what is in flight, and whether it is ejected. */
export class Endpoint {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  readonly agent: Agent;
  #inFlight = 0;
  #ejectedUntil = 0;
  #retired = false;
  readonly #clock: Clock;
  readonly #idle: (endpoint: Endpoint) => void;

  /** @param idle called each time a retired endpoint has nothing in flight any more. */
  constructor(at: EndpointAddress, clock: Clock, idle: (endpoint: Endpoint) => void) {
    this.instance = at.instance;
    this.address = at.address;
    this.port = at.port;
    this.#clock = clock;
    this.#idle = idle;
    this.agent = new EndpointAgent({
      keepAlive: true,
      maxFreeSockets: idleConnections,
      scheduling: 'lifo',
      timeout: idleMilliseconds,
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get ejected(): boolean {
    return this.#ejectedUntil > this.#clock.now();
  }

  /** Counts one request in; the function it gives counts it out, once. */
  acquire(): () => void {
    this.#inFlight += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#inFlight -= 1;
      if (this.#retired && this.#inFlight === 0) this.#idle(this);
    };
  }

  /** Passes this endpoint over for a while, as long as there are others. */
  eject(milliseconds: number): void {
    this.#ejectedUntil = this.#clock.now() + milliseconds;
  }

  /** It answered: it takes part again at once. */
  readmit(): void {
    this.#ejectedUntil = 0;
  }

  /** The table no longer lists it: what is in flight may finish, idle connections are closed as they fall free. */
  retire(): void {
    this.#retired = true;
    if (this.#inFlight === 0) this.#idle(this);
  }

  /** The table lists it again. */
  reinstate(): void {
    this.#retired = false;
  }

  /** Closes every connection. */
  close(): void {
    this.agent.destroy();
  }
}
