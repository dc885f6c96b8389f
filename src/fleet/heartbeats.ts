import { type Clock, fromInstant, type Instant, type Json, toInstant } from '#kernel';
import type { Scratch } from '#state';
import type { LatestObservation } from './anchor.ts';

const namespace = 'fleet/heartbeats';
const latestNamespace = 'fleet/latest';

/** When and with which sequence number a node was last heard of; scratch, so it may be missing. */
export interface Heartbeat {
  readonly [member: string]: string | number | readonly string[];
  readonly seen: Instant;
  readonly sequence: number;
  /** Observations refused since it enrolled, as far as is known. */
  readonly refused: number;
  /** What the node's last observation could not be taken as it is for. */
  readonly notes: readonly string[];
}

export class Heartbeats {
  readonly #scratch: Scratch;
  readonly #clock: Clock;

  constructor(scratch: Scratch, clock: Clock) {
    this.#scratch = scratch;
    this.#clock = clock;
  }

  of(node: string): Heartbeat | undefined {
    return this.#scratch.get<Heartbeat>(namespace, node);
  }

  beat(node: string, sequence: number, notes: readonly string[]): void {
    const refused = this.of(node)?.refused ?? 0;
    this.#scratch.set(namespace, node, { seen: toInstant(this.#clock.now()), sequence, refused, notes });
  }

  /** Keeps the latest signed observation of a node for the next anchor. */
  keep({ node, time, sequence, envelope }: LatestObservation): void {
    this.#scratch.set(latestNamespace, node, { time, sequence, envelope });
  }

  /** The latest signed observation of each node that was heard of. */
  latest(): LatestObservation[] {
    const kept = this.#scratch.list<{ time: Instant; sequence: number; envelope: Json }>(latestNamespace);
    return kept.map(({ key, value }) => ({ node: key, ...value }));
  }

  /** Counts a refused observation without taking it for a sign of life. */
  refuse(node: string, note: string): void {
    const last = this.of(node);
    if (last === undefined) return;
    this.#scratch.set(namespace, node, { ...last, refused: last.refused + 1, notes: [note] });
  }

  /** Milliseconds since the node was last heard of; infinite when that is not known. */
  silence(node: string): number {
    const last = this.of(node);
    return last === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() - fromInstant(last.seen);
  }
}
