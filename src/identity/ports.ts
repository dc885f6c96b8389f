import type { Clock, RandomBytes } from '#kernel';
import type { Keep } from '#state';
import type { ViewReader } from '#views';
import type { Writer } from '#writer';

/** What identity needs from outside. */
export interface IdentityPorts {
  readonly keep: Keep;
  readonly writer: Writer;
  readonly views: ViewReader;
  readonly clock: Clock;
  readonly random: RandomBytes;
}
