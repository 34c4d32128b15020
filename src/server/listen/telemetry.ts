import type { Counter, Gauge, Metrics } from '../../base/metrics.ts';

/** What the listener counts. */
export interface ListenTelemetry {
  readonly connections: Gauge;
  readonly refusedConnections: Counter;
  readonly malformedRequests: Counter;
  readonly handlerFailures: Counter;
}

export function listenTelemetry(metrics: Metrics): ListenTelemetry {
  return {
    connections: metrics.gauge({ name: 'listen_connections', help: 'Open connections.' }),
    refusedConnections: metrics.counter({
      name: 'listen_refused_connections_total',
      help: 'Connections closed at once because there were too many.',
    }),
    malformedRequests: metrics.counter({
      name: 'listen_malformed_requests_total',
      help: 'Requests refused before they reached any handler, by status.',
      labels: ['status'],
    }),
    handlerFailures: metrics.counter({
      name: 'listen_handler_failures_total',
      help: 'Requests answered with 500 because of a bug.',
    }),
  };
}
