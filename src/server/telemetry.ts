import type { MetricDefinition } from '../base/metrics.ts';

/** Metrics of the server itself. */
export const SERVER_METRICS = {
  alarm: {
    name: 'health_alarm',
    help: '1 while the alarm holds, else 0.',
    labels: ['alarm'],
  },
  accepted: {
    name: 'journal_head_sequence',
    help: 'Sequence number of the newest event that is durable in the journal.',
  },
} as const satisfies Record<string, MetricDefinition>;
