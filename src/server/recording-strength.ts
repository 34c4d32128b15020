import type { Config } from './config-options.ts';
import type { RecordMode } from './config-services.ts';

/** What of a configuration decides how much is recorded and how surely; kept in the catalog from start to start. */
export interface RecordingConfiguration {
  readonly recordModes: Readonly<Record<string, RecordMode>>;
  /** Null is for ever. */
  readonly historyRetentionMs: number | null;
  readonly importRetentionMs: number | null;
  readonly journalBytesMax: number;
  readonly unverifiedPerMinute: number;
  readonly trustedProxies: readonly string[];
  /** Absent from what servers without the choice kept: `on`. */
  readonly auth?: 'on' | 'off';
}

/** One change that makes recording weaker. */
export interface Weakening {
  readonly option: string;
  readonly before: string;
  readonly after: string;
}

const STRENGTHS: readonly RecordMode[] = ['off', 'batch', 'blocking'];

const DEFAULT_RECORD_MODE: RecordMode = 'batch';

export function recordingConfiguration(config: Config): RecordingConfiguration {
  return {
    recordModes: Object.fromEntries(config.recordModes.map(({ service, mode }) => [service, mode])),
    historyRetentionMs: config.historyRetentionMs === 'forever' ? null : config.historyRetentionMs,
    importRetentionMs: config.importRetentionMs === 'forever' ? null : config.importRetentionMs,
    journalBytesMax: config.journalBytesMax,
    unverifiedPerMinute: config.unverifiedPerMinute,
    trustedProxies: config.trustedProxies,
    auth: config.auth,
  };
}

/** How calls to a service are recorded: as set for it, else as for `*`, else in batch mode. */
export function recordModeOf(modes: RecordingConfiguration['recordModes'], service: string): RecordMode {
  return (
    (Object.hasOwn(modes, service) ? modes[service] : undefined) ??
    (Object.hasOwn(modes, '*') ? modes['*'] : undefined) ??
    DEFAULT_RECORD_MODE
  );
}

/** What is weaker in `after` than in `before`. */
export function findWeakenings(before: RecordingConfiguration, after: RecordingConfiguration): Weakening[] {
  return [
    ...weakerModes(before.recordModes, after.recordModes),
    ...shorter('history-retention', before.historyRetentionMs, after.historyRetentionMs),
    ...shorter('import-retention', before.importRetentionMs, after.importRetentionMs),
    ...smaller('journal-max-bytes', before.journalBytesMax, after.journalBytesMax),
    ...smaller('unverified-per-minute', before.unverifiedPerMinute, after.unverifiedPerMinute),
    ...(after.auth === 'off' && before.auth !== 'off'
      ? [{ option: 'auth', before: 'on', after: 'off' }]
      : []),
    ...after.trustedProxies
      .filter((proxy) => !before.trustedProxies.includes(proxy))
      .map((proxy) => ({ option: 'trusted-proxy', before: 'not trusted', after: proxy })),
  ];
}

function weakerModes(
  before: RecordingConfiguration['recordModes'],
  after: RecordingConfiguration['recordModes'],
): Weakening[] {
  const services = [...new Set(['*', ...Object.keys(before), ...Object.keys(after)])];
  return services
    .map((service) => ({
      option: `record ${service}`,
      before: recordModeOf(before, service),
      after: recordModeOf(after, service),
    }))
    .filter((change) => STRENGTHS.indexOf(change.after) < STRENGTHS.indexOf(change.before));
}

function shorter(option: string, before: number | null, after: number | null): Weakening[] {
  if (after === null || (before !== null && after >= before)) return [];
  return [{ option, before: before === null ? 'forever' : `${before} ms`, after: `${after} ms` }];
}

function smaller(option: string, before: number, after: number): Weakening[] {
  return after >= before ? [] : [{ option, before: String(before), after: String(after) }];
}
