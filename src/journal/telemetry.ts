import type { Counter, Gauge, Histogram, Metrics } from '../base/metrics.ts';

/** Log events of the journal: name → when it is written. */
export const journalLogEvents = {
  'journal.opened': 'info: the journal is open; position, segments waiting for the store, open intents',
  'journal.damage':
    'error: recovery found something that was not as it was written; the place and what was done',
  'journal.tail.cut': 'warn: an unfinished batch was cut at open; it was never acknowledged',
  'journal.refusing': 'error: appends are refused from here on; the reason',
  'journal.probe.failed': 'debug: a disk that failed was tried and still fails',
  'journal.recovered': 'info: appends are accepted again',
  'journal.ballast.missing':
    'warn: the disk has no room for the ballast, so a full disk may stop the release of segments',
  'journal.ballast.stuck': 'error: the disk is full and the room kept for outcomes could not be given back',
  'journal.segment.abandoned': 'error: a write or sync failed; the segment is not appended to any more',
  'journal.head.failed': 'error: the chain head could not be signed or kept; it is tried again',
} as const;

export interface JournalMetrics {
  readonly appended: Counter;
  readonly refused: Counter;
  readonly setAside: Counter;
  readonly batches: Counter;
  readonly syncSeconds: Histogram;
  readonly sizeBytes: Gauge;
  readonly openIntents: Gauge;
}

export function createJournalMetrics(metrics: Metrics): JournalMetrics {
  return {
    appended: metrics.counter({
      name: 'journal_events_appended_total',
      help: 'Events that were made durable: what is accepted.',
    }),
    refused: metrics.counter({
      name: 'journal_events_refused_total',
      help: 'Events that were refused, by reason.',
      labels: ['reason'],
    }),
    setAside: metrics.counter({
      name: 'journal_events_set_aside_total',
      help: 'Events found damaged at open and kept out of the store.',
    }),
    batches: metrics.counter({
      name: 'journal_batches_total',
      help: 'Group commits: one write and one fsync each.',
    }),
    syncSeconds: metrics.histogram({
      name: 'journal_commit_seconds',
      help: 'Time of the write and fsync of one batch.',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
    }),
    sizeBytes: metrics.gauge({
      name: 'journal_size_bytes',
      help: 'Bytes of segments that are not yet stored.',
    }),
    openIntents: metrics.gauge({
      name: 'journal_open_intents',
      help: 'Blocking calls without an outcome yet.',
    }),
  };
}
