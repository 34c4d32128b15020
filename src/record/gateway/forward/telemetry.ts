import type { Counter, Gauge, Histogram, Metrics } from '../../../base/metrics.ts';

/** What the gateway counts and measures. */
export interface GatewayTelemetry {
  readonly calls: Counter;
  readonly refusals: Counter;
  readonly upstreamFailures: Counter;
  readonly unrecorded: Counter;
  readonly pendingCalls: Gauge;
  readonly recordLagSeconds: Histogram;
}

const LAG_BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5];

export function gatewayTelemetry(metrics: Metrics): GatewayTelemetry {
  return {
    calls: metrics.counter({
      name: 'gateway_calls_total',
      help: 'Calls that the gateway answered, by recording mode and outcome.',
      labels: ['mode', 'outcome'],
    }),
    refusals: metrics.counter({
      name: 'gateway_refusals_total',
      help: 'Calls that the gateway refused itself, by reason.',
      labels: ['kind'],
    }),
    upstreamFailures: metrics.counter({
      name: 'gateway_upstream_failures_total',
      help: 'Calls that failed because of the upstream, by kind.',
      labels: ['kind'],
    }),
    unrecorded: metrics.counter({
      name: 'gateway_unrecorded_calls_total',
      help: 'Finished calls whose record the recorder refused; it counts them as a gap.',
    }),
    pendingCalls: metrics.gauge({
      name: 'gateway_pending_calls',
      help: 'Calls in batch mode that were answered and are not yet durable.',
    }),
    recordLagSeconds: metrics.histogram({
      name: 'gateway_record_lag_seconds',
      help: 'From the end of an answer in batch mode to its durable record: what a kill can cost.',
      buckets: LAG_BUCKETS_SECONDS,
    }),
  };
}
