import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

type Labels<Name extends string> = Readonly<Record<Name, string>>;

export interface MetricOptions<Name extends string> {
  /** `fixity_<room>_<what>_<unit>`, after the Prometheus naming practice. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Name[];
}

export interface GaugeOptions<Name extends string> extends MetricOptions<Name> {
  /** Called before each rendering, for values that are read rather than counted. */
  readonly collect?: (gauge: GaugeMetric<Name>) => void;
}

export interface HistogramOptions<Name extends string> extends MetricOptions<Name> {
  /** Upper bounds in seconds, ascending. */
  readonly buckets?: readonly number[];
}

/** Counts up. `with` binds labels once, for paths where looking them up each time would cost. */
export interface CounterMetric<Name extends string> {
  with(labels: Labels<Name>): { add(amount?: number): void };
}

export interface GaugeMetric<Name extends string> {
  with(labels: Labels<Name>): { set(value: number): void };
}

export interface HistogramMetric<Name extends string> {
  with(labels: Labels<Name>): { observe(seconds: number): void };
}

export interface Metrics {
  counter<Name extends string = never>(options: MetricOptions<Name>): CounterMetric<Name>;
  gauge<Name extends string = never>(options: GaugeOptions<Name>): GaugeMetric<Name>;
  histogram<Name extends string = never>(options: HistogramOptions<Name>): HistogramMetric<Name>;
  /** Every metric in the Prometheus text format 0.0.4. */
  render(): Promise<string>;
  /** The media type of what `render` gives. */
  readonly contentType: string;
}

const defaultBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * A set of metrics with a registry of its own, so that two in one process never meet.
 * @param options.process also reports this process: CPU, memory, event loop delay, open files.
 */
export function createMetrics(options: { readonly process?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.process === true) collectDefaultMetrics({ register: registry });
  return {
    counter: ({ name, help, labels = [] }) => {
      const counter = new Counter({ name, help, labelNames: [...labels], registers });
      return { with: (values) => ({ add: boundAdd(counter.labels(values)) }) };
    },
    gauge: <Name extends string = never>({ name, help, labels = [], collect }: GaugeOptions<Name>) => {
      const read = collect === undefined ? {} : { collect: () => collect(metric) };
      const gauge = new Gauge<Name>({ name, help, labelNames: [...labels], registers, ...read });
      const metric: GaugeMetric<Name> = {
        with: (values) => ({ set: (value) => gauge.labels(values).set(value) }),
      };
      return metric;
    },
    histogram: ({ name, help, labels = [], buckets = defaultBuckets }) => {
      const histogram = new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers });
      return {
        with: (values) => {
          const bound = histogram.labels(values);
          return { observe: (seconds) => bound.observe(seconds) };
        },
      };
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function boundAdd(counter: { inc(amount?: number): void }): (amount?: number) => void {
  return (amount = 1) => counter.inc(amount);
}
