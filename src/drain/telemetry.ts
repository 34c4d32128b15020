import type { Counter, Gauge, Histogram, Metrics } from '../base/metrics.ts';

/** Log events of the drain: name → when it is written. */
export const drainLogEvents = {
  'drain.failed': 'warn: a step failed and is tried again; error where only someone can mend it',
  'drain.recovered': 'info: a step succeeded after it had failed',
  'drain.gap': 'error: sequence numbers before a segment are neither stored nor explained',
  'drain.listener.failed': 'error: a follower threw when it was told of a commit',
  'retention.dropped': 'info: an expired partition was dropped; its name and how many events',
  'retention.held': 'info: an expired partition is kept by a hold',
  'retention.failed': 'warn: retention could not run; it is tried again',
} as const;

export interface DrainMetrics {
  /** With `journal_events_appended_total`: accepted = stored + duplicate + set aside, when the lag is 0. */
  readonly settled: Counter;
  readonly segments: Counter;
  readonly failures: Counter;
  readonly insertSeconds: Histogram;
  readonly committedSequence: Gauge;
  readonly lagEvents: Gauge;
}

export function createDrainMetrics(metrics: Metrics): DrainMetrics {
  return {
    settled: metrics.counter({
      name: 'drain_events_settled_total',
      help: 'Journalled events by what became of them: stored, or setAside with its reason in the ledger.',
      labels: ['outcome'],
    }),
    segments: metrics.counter({ name: 'drain_segments_total', help: 'Segments stored and released.' }),
    failures: metrics.counter({
      name: 'drain_failures_total',
      help: 'Failed attempts of a step of the writer; each is tried again.',
      labels: ['step'],
    }),
    insertSeconds: metrics.histogram({
      name: 'drain_insert_seconds',
      help: 'Time of the insert of one segment.',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    committedSequence: metrics.gauge({
      name: 'drain_committed_sequence',
      help: 'The highest sequence number that is stored with all before it.',
    }),
    lagEvents: metrics.gauge({
      name: 'drain_lag_events',
      help: 'Journalled events that the store did not hold when the last segment was settled.',
    }),
  };
}

export interface RetentionMetrics {
  readonly droppedPartitions: Counter;
  readonly droppedEvents: Counter;
  readonly heldPartitions: Gauge;
}

export function createRetentionMetrics(metrics: Metrics): RetentionMetrics {
  return {
    droppedPartitions: metrics.counter({
      name: 'retention_dropped_partitions_total',
      help: 'Partitions that retention dropped, by origin.',
      labels: ['origin'],
    }),
    droppedEvents: metrics.counter({
      name: 'retention_dropped_events_total',
      help: 'Events that went with dropped partitions, by origin.',
      labels: ['origin'],
    }),
    heldPartitions: metrics.gauge({
      name: 'retention_held_partitions',
      help: 'Expired partitions that a hold keeps.',
    }),
  };
}
