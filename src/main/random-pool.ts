import { randomBytes } from 'node:crypto';
import type { RandomBytes } from '#kernel';

const poolBytes = 8_192;

/** Random bytes of the system, fetched many at once: asking for ten costs more than everything else an id needs. */
export function randomPool(): RandomBytes {
  let pool = randomBytes(poolBytes);
  let used = 0;
  return (size) => {
    if (size > poolBytes) return randomBytes(size);
    if (used + size > poolBytes) {
      pool = randomBytes(poolBytes);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
