import type { Clock, Timer } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Intent, Journal } from '../journal/journal.ts';
import type { EventDraft, JsonObject } from '../model/cloudtrail-event.ts';
import type { JournalEntry } from '../model/recorded-event.ts';
import { FloodGuard, type FloodGuardLimits, type UnverifiedCall } from './flood-guard.ts';
import type { GapFile } from './gap-file.ts';
import { GapTracker } from './gap-tracker.ts';
import type { Intake, Recorder, RecordOptions } from './intake.ts';
import { type ServiceEventName, serviceEventDraft } from './service-event.ts';
import { RECORDER_METRICS } from './telemetry.ts';

/** Summaries of unverified calls are recorded this often: what a crash can forget of their counts. */
const SUMMARY_INTERVAL_MS = 60_000;

/** What the recorder needs of the journal. */
export type RecorderJournal = Pick<Journal, 'append' | 'openIntent' | 'cancelIntent'>;

export interface RecorderOptions {
  readonly intake: Intake;
  readonly journal: RecorderJournal;
  readonly gapFile: GapFile;
  readonly floodLimits: FloodGuardLimits;
  /** Account and Region of the events about OpenTrail itself. */
  readonly accountId: string;
  readonly region: string;
  readonly summaryIntervalMs?: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** The recorder of a server, with what only the server may ask of it. */
export interface ServerRecorder extends Recorder {
  /**
   * Asks the rate of unverified calls before one is forwarded: false when it is beyond, and then it has been counted for
   * the next summary and must not be recorded by itself.
   */
  admitUnverified(call: UnverifiedCall): boolean;
  /** Records an event about OpenTrail itself; resolves when it is durable. */
  recordServiceEvent(name: ServiceEventName, details: JsonObject): Promise<void>;
  /** Appends entries that are made already: the outcomes of intents that a crash orphaned. */
  appendEntries(entries: readonly JournalEntry[]): Promise<void>;
  /** The journal for those who open intents: an intent that is refused counts as a refusal too. */
  readonly intents: Pick<Journal, 'openIntent' | 'cancelIntent'>;
  /** True while refusals are not yet recorded as a gap. */
  readonly isGapOpen: boolean;
  /** By the monotonic clock; undefined when nothing was refused since the start. */
  readonly lastRefusedMs: number | undefined;
  /** Records what is counted and not yet recorded, summaries and an open gap, as far as it can. */
  flush(): Promise<void>;
  /** Flushes, and keeps what could not be recorded for the next start; the journal is closed by its owner. */
  close(): Promise<void>;
}

/**
 * Intake, then the journal. What cannot be recorded is counted and becomes one `RecordingGap` event; unverified calls
 * beyond the rate of their source become counted summaries, and `record` resolves for them when they are counted.
 */
export function createRecorder(options: RecorderOptions): ServerRecorder {
  return new JournalRecorder(options);
}

class JournalRecorder implements ServerRecorder {
  readonly #options: RecorderOptions;
  readonly #guard: FloodGuard;
  readonly #gaps: GapTracker;
  readonly #recorded;
  readonly #refused;
  readonly #summarized;
  readonly #appendSeconds;
  readonly intents: Pick<Journal, 'openIntent' | 'cancelIntent'>;
  lastRefusedMs: number | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: RecorderOptions) {
    const { clock, metrics, journal } = options;
    this.#options = options;
    this.#recorded = metrics.counter(RECORDER_METRICS.recorded);
    this.#refused = metrics.counter(RECORDER_METRICS.refused);
    this.#summarized = metrics.counter(RECORDER_METRICS.summarized);
    this.#appendSeconds = metrics.histogram(RECORDER_METRICS.appendSeconds);
    const gapOpen = metrics.gauge(RECORDER_METRICS.gapOpen);
    gapOpen.set(0);
    this.#guard = new FloodGuard(options.floodLimits, clock.monotonicMs());
    this.#gaps = new GapTracker({
      file: options.gapFile,
      clock,
      log: options.log,
      recordGap: (details) => this.#append([this.#serviceEntry('RecordingGap', details)]),
      onChange: (isOpen) => gapOpen.set(isOpen ? 1 : 0),
    });
    this.intents = {
      openIntent: (intent: Intent) => this.#counted(() => journal.openIntent(intent)),
      cancelIntent: (intentId: string) => journal.cancelIntent(intentId),
    };
    this.#scheduleSummaries();
  }

  get isGapOpen(): boolean {
    return this.#gaps.isOpen;
  }

  admitUnverified(call: UnverifiedCall): boolean {
    if (this.#guard.admit(call, this.#options.clock.monotonicMs())) return true;
    this.#summarized.add();
    return false;
  }

  async record(draft: EventDraft, options: RecordOptions): Promise<void> {
    const { verification, intentId, isAdmitted = false } = options;
    if (verification === 'none' && !isAdmitted && !this.admitUnverified(draft)) {
      // The call was forwarded and is counted: its intent must not become an unknown outcome.
      if (intentId !== undefined) await this.#options.journal.cancelIntent(intentId);
      return;
    }
    const { entry } = this.#options.intake.accept(draft, options);
    await this.#counted(() => this.#append([entry]));
  }

  async recordServiceEvent(name: ServiceEventName, details: JsonObject): Promise<void> {
    await this.#counted(() => this.#append([this.#serviceEntry(name, details)]));
  }

  async appendEntries(entries: readonly JournalEntry[]): Promise<void> {
    await this.#counted(() => this.#append(entries));
  }

  async flush(): Promise<void> {
    await this.#recordSummaries();
    await this.#gaps.flush();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#recordSummaries();
    await this.#gaps.close();
  }

  #serviceEntry(name: ServiceEventName, details: JsonObject): JournalEntry {
    const { accountId, region, clock, intake } = this.#options;
    const draft = serviceEventDraft({ name, details, accountId, region, atMs: clock.now() });
    // The recorder is nobody whose signature could be checked.
    return intake.accept(draft, { verification: 'none' }).entry;
  }

  async #append(entries: readonly JournalEntry[]): Promise<void> {
    const startedMs = this.#options.clock.monotonicMs();
    await this.#options.journal.append(entries);
    this.#recorded.add(entries.length);
    this.#appendSeconds.observe((this.#options.clock.monotonicMs() - startedMs) / 1_000);
  }

  async #counted(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const reason = refusalReason(error);
      this.lastRefusedMs = this.#options.clock.monotonicMs();
      this.#refused.add(1, { reason });
      this.#gaps.refused(reason);
      throw error;
    }
  }

  #scheduleSummaries() {
    if (this.#isClosed) return;
    const intervalMs = this.#options.summaryIntervalMs ?? SUMMARY_INTERVAL_MS;
    this.#timer = this.#options.clock.after(intervalMs, () => {
      void this.#recordSummaries().then(() => this.#scheduleSummaries());
    });
  }

  async #recordSummaries(): Promise<void> {
    for (const details of this.#guard.takeSummaries()) {
      try {
        await this.recordServiceEvent('UnverifiedCallsSummarized', details);
      } catch (error) {
        // The refusal is counted and becomes part of the gap; the count itself is in the log.
        this.#options.log.error('recorder.summaryFailed', { error, callsCount: details.callsCount });
      }
    }
  }
}

/** What the journal says when it refuses, by the word that a metric has for it. */
const REFUSAL_REASONS: readonly (readonly [RegExp, string])[] = [
  [/disk is full/, 'diskFull'],
  [/disk fails/, 'diskFailed'],
  [/reached its bound/, 'journalFull'],
  [/open already/, 'intentsFull'],
  [/no room/, 'diskFull'],
  [/slower than what comes in/, 'queueFull'],
  [/closed/, 'closed'],
];

/** One of few words, because it is the label of a metric. */
function refusalReason(error: unknown): string {
  if (!(error instanceof DependencyError)) return 'internal';
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') return 'diskFull';
  }
  return REFUSAL_REASONS.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'other';
}
