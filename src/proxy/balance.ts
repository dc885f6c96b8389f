/** What choosing needs to know of an endpoint. */
export interface Choosable {
  readonly ejected: boolean;
}

/** An endpoint's place in a route. `credit` is the state of smooth weighted round robin. */
export interface Share<E extends Choosable> {
  readonly endpoint: E;
  readonly weight: number;
  credit: number;
}

/**
 * Smooth weighted round robin: over any sum-of-weights consecutive choices each endpoint is chosen exactly its weight's
 * times, spread evenly. Endpoints in `tried` are never chosen, ejected ones only when no other is left, so that the last
 * one is never ejected. Weight 0 takes nothing.
 */
export function choose<E extends Choosable>(shares: readonly Share<E>[], tried?: ReadonlySet<E>): E | undefined {
  return pick(shares, tried, false) ?? pick(shares, tried, true);
}

function pick<E extends Choosable>(
  shares: readonly Share<E>[],
  tried: ReadonlySet<E> | undefined,
  ejectedToo: boolean,
): E | undefined {
  let total = 0;
  let best: Share<E> | undefined;
  for (const share of shares) {
    if (share.weight === 0 || tried?.has(share.endpoint) === true) continue;
    if (!ejectedToo && share.endpoint.ejected) continue;
    share.credit += share.weight;
    total += share.weight;
    if (best === undefined || share.credit > best.credit) best = share;
  }
  if (best === undefined) return undefined;
  best.credit -= total;
  return best.endpoint;
}
