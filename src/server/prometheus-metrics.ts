import * as prometheus from 'prom-client';
import type { Labels, MetricDefinition, Metrics } from '../base/metrics.ts';

const PREFIX = 'opentrail_';

/** Metrics that Prometheus can read, each server with a registry of its own. */
export interface PrometheusMetrics extends Metrics {
  readonly contentType: string;
  /** The text of `/metrics`. */
  render(): Promise<string>;
}

export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const known = new Map<string, unknown>();
  // Registering a name again returns the metric that is there, as the contract says.
  const once = <T>(name: string, make: () => T): T => {
    const existing = known.get(name);
    if (existing !== undefined) return existing as T;
    const made = make();
    known.set(name, made);
    return made;
  };
  const configuration = ({ name, help, labels }: MetricDefinition) => ({
    name: PREFIX + name,
    help,
    labelNames: [...(labels ?? [])],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter: (definition) =>
      once(definition.name, () => {
        const counter = new prometheus.Counter(configuration(definition));
        return {
          add: (amount = 1, labels?: Labels) =>
            labels === undefined ? counter.inc(amount) : counter.inc(labels, amount),
        };
      }),
    gauge: (definition) =>
      once(definition.name, () => {
        const gauge = new prometheus.Gauge(configuration(definition));
        return {
          set: (value: number, labels?: Labels) =>
            labels === undefined ? gauge.set(value) : gauge.set(labels, value),
        };
      }),
    histogram: (definition) =>
      once(definition.name, () => {
        const buckets = definition.buckets === undefined ? {} : { buckets: [...definition.buckets] };
        const histogram = new prometheus.Histogram({ ...configuration(definition), ...buckets });
        return {
          observe: (value: number, labels?: Labels) =>
            labels === undefined ? histogram.observe(value) : histogram.observe(labels, value),
        };
      }),
  };
}
