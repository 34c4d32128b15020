import type { Counter, Histogram, MetricDefinition, Metrics } from '../base/metrics.ts';

const frontDoorMetrics = {
  calls: {
    name: 'front_door_calls_total',
    help: 'Calls that OpenTrail answered itself, by service, operation and outcome (ok or the error code).',
    labels: ['service', 'operation', 'outcome'],
  },
  unrecorded: {
    name: 'front_door_unrecorded_total',
    help: 'Calls that OpenTrail answered although their record was refused.',
    labels: ['service'],
  },
  seconds: {
    name: 'front_door_seconds',
    help: 'From the head of a call to its answer, the record included.',
    labels: ['operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
} satisfies Record<string, MetricDefinition>;

export interface FrontDoorTelemetry {
  readonly calls: Counter;
  readonly unrecorded: Counter;
  readonly seconds: Histogram;
}

export function frontDoorTelemetry(metrics: Metrics): FrontDoorTelemetry {
  return {
    calls: metrics.counter(frontDoorMetrics.calls),
    unrecorded: metrics.counter(frontDoorMetrics.unrecorded),
    seconds: metrics.histogram(frontDoorMetrics.seconds),
  };
}
