export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount?: number, labels?: Labels): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
}
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

export interface MetricDefinition {
  /** Prometheus name with its unit last, without the prefix `opentrail_`: `journal_fsync_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Histograms only; seconds or bytes as the name says. */
  readonly buckets?: readonly number[];
}

/**
 * Where metrics are registered. Each module declares its own in its `telemetry.ts` and takes this as an argument.
 * Registering the same name twice returns the same metric.
 */
export interface Metrics {
  counter(definition: MetricDefinition): Counter;
  gauge(definition: MetricDefinition): Gauge;
  histogram(definition: MetricDefinition): Histogram;
}

/** Counts nothing; the default of tests. */
export const noMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge: () => ({ set() {} }),
  histogram: () => ({ observe() {} }),
};
