import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import type { Gap, GapFile } from './gap-file.ts';
import { eventTime } from './service-event.ts';

/** How long nothing must have been refused before the gap is recorded, and how often it is tried again. */
const RETRY_MS = 1_000;
/** A gap that goes on for so long is recorded as far as it is known. */
const OPEN_MS_MAX = 60_000;
/** How often at most a growing gap is written to its file: what a crash can forget of its size. */
const SAVE_INTERVAL_MS = 200;

export interface GapTrackerOptions {
  readonly file: GapFile;
  readonly clock: Clock;
  readonly log: Log;
  /** Records the gap's event; rejects while recording does not work. */
  recordGap(details: JsonObject): Promise<void>;
  onChange?(isOpen: boolean): void;
}

/**
 * Counts what could not be recorded, keeps the count over a crash, and records it as one `RecordingGap` event with its
 * size and span as soon as recording works again, whether or not calls come.
 */
export class GapTracker {
  readonly #options: GapTrackerOptions;
  #gap: Gap | undefined;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #retry: Timer | undefined;
  #recording: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: GapTrackerOptions) {
    this.#options = options;
    this.#gap = options.file.read();
    if (this.#gap !== undefined) {
      options.onChange?.(true);
      this.#schedule(0);
    }
  }

  get isOpen(): boolean {
    return this.#gap !== undefined;
  }

  /** Counts one event or call that was refused; `reason` is one of few words. */
  refused(reason: string) {
    const nowMs = this.#options.clock.now();
    const before = this.#gap;
    this.#gap = {
      refusedCount: (before?.refusedCount ?? 0) + 1,
      firstRefusedAtMs: Math.min(before?.firstRefusedAtMs ?? nowMs, nowMs),
      lastRefusedAtMs: nowMs,
      reasons: { ...before?.reasons, [reason]: (before?.reasons[reason] ?? 0) + 1 },
    };
    if (before === undefined) {
      this.#options.log.error('recorder.refused', { reason });
      this.#options.onChange?.(true);
    }
    const sinceSavedMs = this.#options.clock.monotonicMs() - this.#savedAtMs;
    if (before === undefined || sinceSavedMs >= SAVE_INTERVAL_MS) this.#save();
    if (this.#retry === undefined) this.#schedule(RETRY_MS);
  }

  /** Tries to record an open gap at once; resolves when that was tried, whether or not it worked. */
  async flush(): Promise<void> {
    while (this.#recording !== undefined) await this.#recording;
    if (this.#gap !== undefined) await this.#record(this.#gap);
  }

  /** Tries once more, then leaves what is open in the file, for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    await this.flush();
    if (this.#gap !== undefined) this.#save();
    this.#options.file.close();
  }

  #schedule(delayMs: number) {
    if (this.#isClosed) return;
    this.#retry = this.#options.clock.after(delayMs, () => {
      this.#retry = undefined;
      const attempt = this.#isOver() ? this.flush() : Promise.resolve();
      void attempt.then(() => {
        if (this.#gap !== undefined && this.#retry === undefined) this.#schedule(RETRY_MS);
      });
    });
  }

  /** One event for all of a gap, not one a second while some events fit and others do not. */
  #isOver(): boolean {
    if (this.#gap === undefined) return false;
    const nowMs = this.#options.clock.now();
    const quietMs = Math.abs(nowMs - this.#gap.lastRefusedAtMs);
    return quietMs >= RETRY_MS || Math.abs(nowMs - this.#gap.firstRefusedAtMs) >= OPEN_MS_MAX;
  }

  /** One at a time: `flush` sees to it, so that no gap is recorded twice. */
  #record(gap: Gap): Promise<void> {
    const { log, recordGap, onChange } = this.#options;
    this.#save();
    this.#recording = recordGap(describe(gap))
      .then(
        () => {
          log.warn('recorder.gapRecorded', { refusedCount: gap.refusedCount });
          this.#gap = remainder(this.#gap, gap);
          this.#save();
          if (this.#gap === undefined) onChange?.(false);
        },
        // Still refused: the gap stays open, and whoever scheduled this comes again.
        () => {},
      )
      .finally(() => {
        this.#recording = undefined;
      });
    return this.#recording;
  }

  #save() {
    this.#savedAtMs = this.#options.clock.monotonicMs();
    try {
      this.#options.file.write(this.#gap);
    } catch (error) {
      this.#options.log.error('recorder.gapUnsaved', { error, refusedCount: this.#gap?.refusedCount ?? 0 });
    }
  }
}

/** What was refused while the event of the first part was on its way to the journal. */
function remainder(whole: Gap | undefined, recorded: Gap): Gap | undefined {
  if (whole === undefined || whole.refusedCount === recorded.refusedCount) return undefined;
  const reasons = Object.entries(whole.reasons)
    .map(([reason, count]) => [reason, count - (recorded.reasons[reason] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return {
    refusedCount: whole.refusedCount - recorded.refusedCount,
    firstRefusedAtMs: recorded.lastRefusedAtMs,
    lastRefusedAtMs: whole.lastRefusedAtMs,
    reasons: Object.fromEntries(reasons),
  };
}

function describe(gap: Gap): JsonObject {
  return {
    refusedCount: gap.refusedCount,
    firstRefusalTime: eventTime(gap.firstRefusedAtMs),
    lastRefusalTime: eventTime(gap.lastRefusedAtMs),
    reasons: { ...gap.reasons },
  };
}
