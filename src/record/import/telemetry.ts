import type { Metrics } from '../../base/metrics.ts';

/** Metrics of imports. Log events: `import.began`, `import.ended`, `import.filter.loaded`, `import.filter.failed`, `import.waiting`, `import.reader.failed`. */
export function registerImportMetrics(metrics: Metrics) {
  return {
    records: metrics.counter({
      name: 'import_records_total',
      help: 'Records that imports handed over, by what became of them.',
      labels: ['outcome'],
    }),
    pending: metrics.gauge({
      name: 'import_pending_events',
      help: 'Imported events that are journalled and not yet stored.',
    }),
    waits: metrics.counter({
      name: 'import_waits_total',
      help: 'Times that an import had to wait for room in the journal.',
    }),
  };
}
