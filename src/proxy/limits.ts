/** How long the proxy waits for what, in milliseconds, and how often it tries. */
export interface Limits {
  /** For a client to send the head of a request (a slower one is closed). */
  readonly head: number;
  /** For an endpoint to accept a connection. */
  readonly connect: number;
  /** For an endpoint to begin its answer once it has the request's head. */
  readonly answer: number;
  /** For any byte on a client's connection that is in use. */
  readonly silence: number;
  /** For the next request on a kept-alive connection. */
  readonly idle: number;
  /** How long an endpoint that does not accept connections is passed over. */
  readonly ejection: number;
  /** When stopping: how long idle clients may send one more request, which is answered with `Connection: close`. */
  readonly linger: number;
  /** When stopping: how long requests in flight may take. */
  readonly grace: number;
  /** How many endpoints one request is tried on. */
  readonly attempts: number;
  /** Open client connections; more wait in the system's queue or are dropped. */
  readonly connections: number;
}

export const defaultLimits: Limits = {
  head: 10_000,
  connect: 3_000,
  answer: 60_000,
  silence: 300_000,
  idle: 65_000,
  ejection: 5_000,
  linger: 1_000,
  grace: 10_000,
  attempts: 5,
  connections: 20_000,
};
