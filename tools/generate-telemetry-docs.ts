import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MetricDefinition, Metrics } from '../src/base/metrics.ts';
import { drainLogEvents } from '../src/drain/telemetry.ts';
import { journalLogEvents } from '../src/journal/telemetry.ts';
import { SERVICE_EVENTS } from '../src/record/service-event.ts';
import { engineLogEvents } from '../src/store/clickhouse/telemetry.ts';
import { catalogLogEvents } from '../src/store/sqlite/telemetry.ts';

const ROOT = new URL('../', import.meta.url);
const OUTPUT = new URL('docs/telemetry.md', ROOT);

const INTRODUCTION = `# Telemetry

What the server tells about itself: metrics for Prometheus, and a structured log.

\`--metrics-port\` opens \`/metrics\` on the loopback address. Beside the metrics below it has those of Node
(\`opentrail_process_…\`, \`opentrail_nodejs_…\`).

## Conservation

No event is anywhere else than these counters say. All of them begin at 0 with each start of the server.

- **Journal.** When the store has caught up, \`opentrail_journal_events_appended_total\`, and the events that the start found in the
  journal, are together the sum of \`opentrail_drain_events_settled_total\`: \`stored\` (their rows were counted in the store) and
  \`setAside\` (damaged, kept beside the journal, their numbers in the ledger). \`duplicate\` is no outcome there: a segment that is
  tried again is told by its token, and its events count once.
- **Imports.** Every record that was handed over and settled is in \`opentrail_import_records_total\` once: \`stored\` (appended to the
  journal, so it is in the counters above too), \`seenBefore\` (the event id is stored with the same content: a duplicate), \`conflict\`
  (with other content: kept in the catalog) or \`refused\`. Duplicates are settled before the journal, so the whole law is:
  accepted = stored + duplicate + set aside, where accepted = appended + \`seenBefore\` + \`conflict\`, and duplicate = \`seenBefore\` +
  \`conflict\`. A request that fails halfway counts what it had settled; its repetition finds that as \`seenBefore\`.
- **Refusals** of recording are in \`opentrail_recorder_events_refused_total\` by reason, and in the history as \`RecordingGap\`.

## Health and log

\`/healthz\` on the port of the server answers 200 with \`ok\` or \`degraded\`, 503 with \`failing\` while events are refused, and lists
the alarms with what to do; \`/readyz\` answers 200 while calls are taken.

The log is one JSON object a line on the standard error: \`level\`, \`time\`, \`event\`, then fields. Events are never in it,
nor secrets: fields that are named like one are written as \`[redacted]\`. \`error\`: someone has to act, or evidence is lost; \`warn\`:
degraded and recovering; \`info\`: a state changed; \`debug\`: per request.

This page is written by \`tools/generate-telemetry-docs.ts\`.
`;

/** Modules that say when each of their events is written. */
const DESCRIBED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ...journalLogEvents, ...drainLogEvents, ...engineLogEvents, ...catalogLogEvents }).map(
    ([event, text]) => [event, text.replace(/^(error|warn|info|debug): /, '')],
  ),
);

interface Metric extends MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
}

/** The text of `docs/telemetry.md`, from the `telemetry.ts` of each module and from the log calls in the source. */
export async function renderTelemetryDocs(): Promise<string> {
  return [INTRODUCTION, renderServiceEvents(), await renderMetrics(), renderLogEvents()].join('\n');
}

function renderServiceEvents(): string {
  const rows = Object.entries(SERVICE_EVENTS).map(([name, text]) => `| \`${name}\` | ${cell(text)} |`);
  const introduction = [
    'Recording records itself, as management events of `opentrail.amazonaws.com` that `LookupEvents` finds like any others.',
    'A blocking call whose outcome a crash took is recorded as its own event, with an error code that says so.',
  ];
  return [
    '## Events about recording',
    '',
    ...introduction,
    '',
    '| Event | What it tells |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

async function renderMetrics(): Promise<string> {
  const metrics = new Map<string, Metric & { module: string }>();
  for (const path of sourceFiles().filter((file) => file.endsWith('/telemetry.ts'))) {
    const module = path.replace('src/', '').replace('/telemetry.ts', '');
    for (const metric of await metricsOf(path)) metrics.set(metric.name, { ...metric, module });
  }
  const rows = [...metrics.values()]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, kind, labels, help, module }) => {
      const labelled = (labels ?? []).map((label) => `\`${label}\``).join(', ');
      return `| \`opentrail_${name}\` | ${kind} | ${labelled} | ${cell(help)} | ${module} |`;
    });
  return [
    '## Metrics',
    '',
    '| Metric | Kind | Labels | What it tells | Module |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** Modules declare metrics as constants, or register them in a function that takes `Metrics`; both are collected. */
async function metricsOf(path: string): Promise<Metric[]> {
  const collected: Metric[] = [];
  const collect = (metric: Metric) => {
    collected.push(metric);
    return { add() {}, set() {}, observe() {} };
  };
  const collector: Metrics = {
    counter: (definition) => collect({ ...definition, kind: 'counter' }),
    gauge: (definition) => collect({ ...definition, kind: 'gauge' }),
    histogram: (definition) => collect({ ...definition, kind: 'histogram' }),
  };
  const module = (await import(new URL(path, ROOT).href)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === 'function') (value as (metrics: Metrics) => unknown)(collector);
    else if (/metrics$/i.test(name)) collected.push(...Object.values(value as object).map(withKind));
  }
  return collected;
}

/** A constant does not say what kind it is registered as; its name does, by the habit of Prometheus. */
function withKind(definition: MetricDefinition): Metric {
  if (definition.buckets !== undefined) return { ...definition, kind: 'histogram' };
  return { ...definition, kind: definition.name.endsWith('_total') ? 'counter' : 'gauge' };
}

// log.warn('engine.died', and this.#options.log.info(\n 'x.y'
const LOG_CALL = /\blog\s*\??\.(error|warn|info|debug)\(\s*'([\w.]+)'/gi;

function renderLogEvents(): string {
  const found = new Map<string, Set<string>>();
  for (const path of sourceFiles().filter((file) => !/\.(test|contract)\.ts$/.test(file))) {
    for (const [, level = '', event = ''] of readFileSync(new URL(path, ROOT), 'utf8').matchAll(LOG_CALL)) {
      const key = `| \`${event}\` | ${level} | ${cell(DESCRIBED[event] ?? '')} |`;
      found.set(key, (found.get(key) ?? new Set()).add(path));
    }
  }
  const rows = [...found]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, paths]) => {
      const links = [...paths].map((path) => `[\`${path.replace('src/', '')}\`](../${path})`);
      return `${key} ${links.join(', ')} |`;
    });
  return ['## Log', '', '| Event | Level | When | Where |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function sourceFiles(): string[] {
  return readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path}`)
    .sort();
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OUTPUT, await renderTelemetryDocs());
