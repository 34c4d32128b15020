import { statfs } from 'node:fs/promises';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Journal } from '../journal/journal.ts';
import type { ServerRecorder } from '../record/recorder.ts';
import type { CommitFeed } from '../store/commit-feed.ts';
import type { EventStore } from '../store/event-store.ts';
import { SERVER_METRICS } from './telemetry.ts';

/** `failing`: events are being refused. `degraded`: nothing is lost yet, somebody should look. */
export type AlarmSeverity = 'failing' | 'degraded';

const ALARMS = {
  journalRefusing: 'failing',
  eventsRefused: 'failing',
  journalFilling: 'degraded',
  diskFilling: 'degraded',
  engineDown: 'degraded',
  drainLagging: 'degraded',
} as const satisfies Record<string, AlarmSeverity>;

export type AlarmName = keyof typeof ALARMS;

/** What needs no waiting to be known. */
const JOURNAL_ALARMS: ReadonlySet<AlarmName> = new Set([
  'journalRefusing',
  'eventsRefused',
  'journalFilling',
]);

export interface Alarm {
  readonly alarm: AlarmName;
  readonly severity: AlarmSeverity;
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface HealthMonitorOptions {
  readonly dataDir: string;
  readonly journal: Pick<Journal, 'usage' | 'head'>;
  readonly feed: CommitFeed;
  readonly store: Pick<EventStore, 'ping'>;
  readonly recorder: Pick<ServerRecorder, 'isGapOpen' | 'lastRefusedMs'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

const CHECK_INTERVAL_MS = 1_000;
/** An engine that restarts is back in less; and a look-up that takes longer than this is no look-up. */
const PING_TIMEOUT_MS = 2_000;
/** Long enough for whoever asks every ten seconds. */
const REFUSED_MS = 15_000;
/** Half of the bound: long before anything is refused, as the design says. */
const JOURNAL_SHARE_MAX = 0.5;
/** Room that merges of the engine and a day's work need. */
const FREE_BYTES_MIN = 1e9;
/** Events are stored within a second of their call; half a minute without progress is no busy machine any more. */
const LAG_MS_MAX = 30_000;

/** Looks once a second how recording and storing are, and logs each alarm when it begins and when it ends. */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #gauges;
  #alarms: ReadonlyMap<AlarmName, Alarm> = new Map();
  #committed = -1;
  #progressedAtMs: number;
  #timer: Timer | undefined;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#progressedAtMs = options.clock.monotonicMs();
    const { metrics } = options;
    this.#gauges = {
      alarm: metrics.gauge(SERVER_METRICS.alarm),
      accepted: metrics.gauge(SERVER_METRICS.accepted),
    };
  }

  start() {
    this.#timer = this.#options.clock.after(CHECK_INTERVAL_MS, () => {
      void this.check().then(() => this.start());
    });
  }

  stop() {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The worst first: those of the journal as they are now, since they are known at once; the others of the last check. */
  get alarms(): Alarm[] {
    const checked = [...this.#alarms.values()].filter(({ alarm }) => !JOURNAL_ALARMS.has(alarm));
    const alarms = [...this.#journalAlarms(), ...checked];
    return alarms.sort((a, b) => b.severity.localeCompare(a.severity));
  }

  async check(): Promise<void> {
    const outside = await Promise.all([this.#engineAlarms(), this.#diskAlarms()]);
    const found = [...this.#journalAlarms(), ...this.#lagAlarms(), ...outside.flat()];
    const alarms = new Map(found.map((alarm) => [alarm.alarm, alarm]));
    const { log } = this.#options;
    for (const [name, { severity, message }] of alarms) {
      if (this.#alarms.has(name)) continue;
      if (severity === 'failing') log.error('health.alarm', { alarm: name, message });
      else log.warn('health.alarm', { alarm: name, message });
    }
    for (const name of this.#alarms.keys()) {
      if (!alarms.has(name)) log.info('health.alarmEnded', { alarm: name });
    }
    this.#alarms = alarms;
    for (const name of Object.keys(ALARMS)) {
      this.#gauges.alarm.set(alarms.has(name as AlarmName) ? 1 : 0, { alarm: name });
    }
  }

  #journalAlarms(): Alarm[] {
    const { journal, recorder, clock } = this.#options;
    const { sizeBytes, sizeBytesMax, reservedBytes, refusal } = journal.usage();
    const alarms: Alarm[] = [];
    if (refusal !== undefined) {
      alarms.push(alarm('journalRefusing', `new events are refused: ${refusal}`));
    } else if (
      recorder.isGapOpen ||
      clock.monotonicMs() - (recorder.lastRefusedMs ?? -Infinity) < REFUSED_MS
    ) {
      const remedy = 'make room; see recorder_events_refused_total for the reasons';
      alarms.push(
        alarm('eventsRefused', `events or blocking calls were refused within the last seconds: ${remedy}`),
      );
    }
    if (sizeBytes + reservedBytes > sizeBytesMax * JOURNAL_SHARE_MAX) {
      const used = `${sizeBytes + reservedBytes} of ${sizeBytesMax} bytes`;
      const remedy = 'see why the event store does not take them, or raise --journal-max-bytes';
      alarms.push(alarm('journalFilling', `the journal holds ${used}: ${remedy}`));
    }
    return alarms;
  }

  #lagAlarms(): Alarm[] {
    const { journal, feed, clock } = this.#options;
    const accepted = journal.head().sequence;
    const committed = feed.committed().sequence;
    this.#gauges.accepted.set(accepted);
    if (committed !== this.#committed || committed >= accepted) this.#progressedAtMs = clock.monotonicMs();
    this.#committed = committed;
    const lagMs = clock.monotonicMs() - this.#progressedAtMs;
    if (lagMs <= LAG_MS_MAX) return [];
    const waiting = `${accepted - committed} events wait for the event store`;
    return [alarm('drainLagging', `${waiting}, none was stored for ${Math.round(lagMs / 1_000)} s`)];
  }

  async #engineAlarms(): Promise<Alarm[]> {
    try {
      await this.#options.store.ping(PING_TIMEOUT_MS);
      return [];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [alarm('engineDown', `look-ups are not answered, recording goes on: ${reason}`)];
    }
  }

  async #diskAlarms(): Promise<Alarm[]> {
    try {
      const { bavail, bsize } = await statfs(this.#options.dataDir);
      const freeBytes = bavail * bsize;
      if (freeBytes >= FREE_BYTES_MIN) return [];
      return [
        alarm('diskFilling', `${freeBytes} bytes are free where ${this.#options.dataDir} is: make room`),
      ];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [alarm('diskFilling', `${this.#options.dataDir} cannot be looked at: ${reason}`)];
    }
  }
}

function alarm(name: AlarmName, message: string): Alarm {
  return { alarm: name, severity: ALARMS[name], message };
}
