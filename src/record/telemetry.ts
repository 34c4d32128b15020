import type { MetricDefinition } from '../base/metrics.ts';

/** Metrics of the recorder. */
export const RECORDER_METRICS = {
  recorded: {
    name: 'recorder_events_recorded_total',
    help: 'Events that the recorder made durable in the journal, those about itself included.',
  },
  refused: {
    name: 'recorder_events_refused_total',
    help: 'Events and blocking calls that could not be recorded, by reason.',
    labels: ['reason'],
  },
  summarized: {
    name: 'recorder_calls_summarized_total',
    help: 'Unverified calls beyond the rate of their source, recorded as counted summaries only.',
  },
  appendSeconds: {
    name: 'recorder_append_seconds',
    help: 'Time from handing an event to the recorder until it is durable.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
  },
  gapOpen: {
    name: 'recorder_gap_open',
    help: '1 while refusals are not yet recorded as a gap, else 0.',
  },
  principalsKnown: {
    name: 'identity_principals_cached',
    help: 'Access keys whose principal, or absence of one, is held in memory.',
  },
  principalsLearnt: {
    name: 'identity_principals_learnt_total',
    help: 'Principals learnt from answers that passed by.',
  },
} as const satisfies Record<string, MetricDefinition>;
