import type { CounterMetric, HistogramMetric, Metrics } from '#telemetry';

/** How a request ended: the class of the status sent, or `aborted` when the client left before there was one. */
export const outcomes = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted'] as const;
export type Outcome = (typeof outcomes)[number];

export function outcomeOf(status: number): Outcome {
  return outcomes[Math.floor(status / 100) - 1] ?? 'aborted';
}

/** Counts of one service since this process started. */
export interface ServiceTraffic {
  readonly service: string;
  readonly totals: Readonly<Partial<Record<Outcome, number>>>;
  readonly retries: number;
  readonly inFlight: number;
  begin(): void;
  /** @param seconds from the request's last header byte to the end of its answer. */
  end(outcome: Outcome, seconds: number): void;
  retried(): void;
}

interface Meters {
  readonly requests: CounterMetric<'service' | 'status'>;
  readonly retries: CounterMetric<'service'>;
  readonly seconds: HistogramMetric<'service'>;
}

/** The traffic of all services, by name, kept across tables so that counters never go back. */
export class Traffic {
  readonly #services = new Map<string, ServiceTraffic>();
  readonly #meters: Meters;

  constructor(metrics: Metrics) {
    this.#meters = {
      requests: metrics.counter({
        name: 'fixity_proxy_requests_total',
        help: 'Requests that ended, by the class of their status.',
        labels: ['service', 'status'],
      }),
      retries: metrics.counter({
        name: 'fixity_proxy_retries_total',
        help: 'Requests sent again to another endpoint.',
        labels: ['service'],
      }),
      seconds: metrics.histogram({
        name: 'fixity_proxy_request_seconds',
        help: 'Time from the head of a request to the end of its answer.',
        labels: ['service'],
      }),
    };
    metrics.gauge({
      name: 'fixity_proxy_in_flight',
      help: 'Requests and tunnels that have not ended.',
      labels: ['service'],
      collect: (gauge) => {
        for (const { service, inFlight } of this.#services.values()) gauge.with({ service }).set(inFlight);
      },
    });
  }

  of(service: string): ServiceTraffic {
    const known = this.#services.get(service);
    if (known !== undefined) return known;
    const made = serviceTraffic(service, this.#meters);
    this.#services.set(service, made);
    return made;
  }

  all(): Iterable<ServiceTraffic> {
    return this.#services.values();
  }
}

function serviceTraffic(service: string, meters: Meters): ServiceTraffic {
  const totals: Partial<Record<Outcome, number>> = {};
  const requests: Partial<Record<Outcome, { add(): void }>> = {};
  const seconds = meters.seconds.with({ service });
  const retries = meters.retries.with({ service });
  const counts = { inFlight: 0, retries: 0 };
  return {
    service,
    totals,
    get retries() {
      return counts.retries;
    },
    get inFlight() {
      return counts.inFlight;
    },
    begin: () => {
      counts.inFlight += 1;
    },
    end: (outcome, duration) => {
      counts.inFlight -= 1;
      totals[outcome] = (totals[outcome] ?? 0) + 1;
      requests[outcome] ??= meters.requests.with({ service, status: outcome });
      requests[outcome].add();
      seconds.observe(duration);
    },
    retried: () => {
      counts.retries += 1;
      retries.add();
    },
  };
}
