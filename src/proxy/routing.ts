import type { Clock } from '#kernel';
import type { Share } from './balance.ts';
import { Endpoint, type EndpointAddress } from './endpoint.ts';
import { emptyTable, type RouteTable } from './route-table.ts';
import type { ServiceTraffic, Traffic } from './traffic.ts';

/** A route ready for use. */
export interface LiveRoute {
  readonly service: string;
  readonly shares: readonly Share<Endpoint>[];
  readonly traffic: ServiceTraffic;
}

/**
 * The table in force. A new table takes effect between two requests: requests in flight finish where they are, and an
 * endpoint that both tables list keeps its connections and its counts.
 */
export class Routing {
  #version = emptyTable.version;
  #byHost: ReadonlyMap<string, LiveRoute> = new Map();
  #listed: ReadonlyMap<string, Endpoint> = new Map();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #clock: Clock;
  readonly #traffic: Traffic;

  constructor(clock: Clock, traffic: Traffic) {
    this.#clock = clock;
    this.#traffic = traffic;
  }

  get version(): number {
    return this.#version;
  }

  apply(table: RouteTable): void {
    const byHost = new Map<string, LiveRoute>();
    const listed = new Map<string, Endpoint>();
    for (const { hosts, service, endpoints } of table.routes) {
      const shares = endpoints.map((at): Share<Endpoint> => {
        const endpoint = this.#endpoint(at);
        listed.set(keyOf(at), endpoint);
        return { endpoint, weight: at.weight, credit: 0 };
      });
      const route = { service, shares, traffic: this.#traffic.of(service) };
      for (const host of hosts) byHost.set(host, route);
    }
    this.#byHost = byHost;
    this.#listed = listed;
    this.#version = table.version;
    for (const [key, endpoint] of this.#endpoints) {
      if (listed.has(key)) endpoint.reinstate();
      else endpoint.retire();
    }
  }

  /** @param host in lower case, without port. */
  find(host: string): LiveRoute | undefined {
    return this.#byHost.get(host);
  }

  hosts(): string[] {
    return [...this.#byHost.keys()].sort();
  }

  /** Requests in flight by instance: all that the table lists, and those it no longer lists until they reach zero. */
  inFlight(): Record<string, number> {
    return countByInstance(this.#endpoints.values());
  }

  /** The part of `inFlight` that the table no longer lists. */
  draining(): Record<string, number> {
    const listed = new Set([...this.#listed.values()].map(({ instance }) => instance));
    return countByInstance([...this.#endpoints.values()].filter(({ instance }) => !listed.has(instance)));
  }

  close(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.close();
  }

  #endpoint(at: EndpointAddress): Endpoint {
    const key = keyOf(at);
    const known = this.#endpoints.get(key);
    if (known !== undefined) return known;
    const made = new Endpoint(at, this.#clock, (idle) => {
      idle.close();
      this.#endpoints.delete(key);
    });
    this.#endpoints.set(key, made);
    return made;
  }
}

function keyOf({ instance, address, port }: EndpointAddress): string {
  return `${instance} ${address} ${port}`;
}

function countByInstance(endpoints: Iterable<Endpoint>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { instance, inFlight } of endpoints) counts[instance] = (counts[instance] ?? 0) + inFlight;
  return counts;
}
