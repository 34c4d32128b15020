import type { Clock } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Journal, SealedSegment } from '../journal/journal.ts';
import type { Position } from '../model/recorded-event.ts';
import type { Catalog } from '../store/catalog.ts';
import type { CommitFeed } from '../store/commit-feed.ts';
import type { EventStore } from '../store/event-store.ts';
import type { StoreLock } from './store-lock.ts';
import { createDrainMetrics, type DrainMetrics } from './telemetry.ts';

/** The drain's cursor in the catalog: the highest sequence that is stored, with all before it. */
export const STORE_CURSOR = 'store';

/** Pauses between attempts: short while the engine restarts, long where someone has to act. */
const RETRY_DELAY_MS = 50;
const RETRY_DELAY_MS_MAX = 5_000;
const STUCK_RETRY_DELAY_MS = 30_000;

export interface DrainOptions {
  readonly journal: Journal;
  readonly store: EventStore;
  readonly catalog: Catalog;
  readonly lock: StoreLock;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How old the newest segment may become before it is sealed and stored: what a look-up may lag behind. */
  readonly sealAfterMs: number;
}

/**
 * The writer: takes sealed segments from the journal in order and makes each of them stored, explained, committed and
 * only then released. Every step may be repeated, so a crash between any two of them costs nothing:
 *
 * 1. `storeSegment`, exactly once by its token; 2. what was set aside goes into the ledger of explained numbers;
 * 3. the cursor moves and followers are told; 4. the journal lets the segment go.
 *
 * One insert is in flight; meanwhile the next segment gathers, and is sealed when it is full. Failures are retried for ever, since the journal keeps
 * what is not stored.
 */
export class Drain implements CommitFeed {
  readonly #options: DrainOptions;
  readonly #metrics: DrainMetrics;
  readonly #listeners = new Set<(committed: Position) => void>();
  readonly #stopping = new AbortController();
  #committed: number;
  #running: Promise<void> | undefined;

  private constructor(options: DrainOptions, committed: number) {
    this.#options = options;
    this.#metrics = createDrainMetrics(options.metrics);
    this.#committed = committed;
    this.#metrics.committedSequence.set(committed);
  }

  /** Reads how far the store is; nothing is written before `start`. */
  static async open(options: DrainOptions): Promise<Drain> {
    const committed = await options.catalog.getCursor(STORE_CURSOR, options.journal.journalId);
    return new Drain(options, committed);
  }

  start() {
    this.#running ??= this.#run();
  }

  /** Lets the insert that is in flight end, begins no other, and resolves. What is left stays in the journal. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  committed(): Position {
    return { journalId: this.#options.journal.journalId, sequence: this.#committed };
  }

  onCommit(listener: (committed: Position) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Resolves when a sequence is stored, or rejects with the signal's reason. */
  waitForCommit(sequence: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#committed >= sequence) return resolve();
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        unsubscribe();
        reject(signal.reason);
      };
      const unsubscribe = this.onCommit((committed) => {
        if (committed.sequence < sequence) return;
        unsubscribe();
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { sealAfterMs } = this.#options;
    let segment = await this.#take(sealAfterMs, signal);
    while (segment !== undefined) {
      // While this one is stored nothing is sealed for its age, because it would only wait: the busier the store, the
      // larger the segments that it gets, and the cheaper each event.
      const settled = new AbortController();
      const full = this.#take(Number.POSITIVE_INFINITY, AbortSignal.any([signal, settled.signal]));
      await this.#settle(segment);
      settled.abort();
      // What was taken meanwhile is still in the journal then, and is the first one at the next start.
      if (signal.aborted) return void (await full);
      segment = (await full) ?? (await this.#take(sealAfterMs, signal));
    }
  }

  #take(sealAfterMs: number, signal: AbortSignal): Promise<SealedSegment | undefined> {
    return this.#retry('take', () => this.#options.journal.takeSealed({ sealAfterMs, signal }));
  }

  async #settle(segment: SealedSegment): Promise<void> {
    const { journal, catalog } = this.#options;
    const { journalId, lastSequence } = segment;
    this.#checkGap(segment);
    // Also where the cursor is past it, after a crash before the release: storing again changes nothing, while trusting
    // the cursor would turn a mistake in it into a loss.
    const isStored = await this.#retry('insert', async () => {
      await this.#store(segment);
      return true;
    });
    if (!isStored) return;
    if (lastSequence > this.#committed) {
      const isCommitted = await this.#retry('commit', async () => {
        await this.#explain(segment);
        await catalog.putCursor(STORE_CURSOR, journalId, lastSequence);
        return true;
      });
      if (!isCommitted) return;
      this.#announce(segment);
    }
    await this.#retry('release', () => journal.release(segment));
    this.#metrics.segments.add();
  }

  async #store(segment: SealedSegment): Promise<void> {
    const { store, lock, clock } = this.#options;
    const startedAt = clock.monotonicMs();
    const skip = segment.setAside.map(({ sequence }) => sequence);
    const { journalId, path, firstSequence, lastSequence, eventsCount, contentHash } = segment;
    await lock.run(() =>
      store.storeSegment({ journalId, path, firstSequence, lastSequence, eventsCount, contentHash, skip }),
    );
    this.#metrics.insertSeconds.observe((clock.monotonicMs() - startedAt) / 1_000);
  }

  async #explain({ journalId, setAside }: SealedSegment): Promise<void> {
    for (const { sequence, segment, offsetBytes, reason } of setAside) {
      await this.#options.catalog.putExplained({
        journalId,
        firstSequence: sequence,
        lastSequence: sequence,
        reason: 'setAside',
        detail: `${segment} at byte ${offsetBytes}: ${reason}`,
      });
    }
  }

  /** Numbers that are skipped are a loss, or a catalog older than the journal: never passed over in silence. */
  #checkGap({ journalId, firstSequence }: SealedSegment) {
    if (firstSequence <= this.#committed + 1) return;
    const missing = { firstSequence: this.#committed + 1, lastSequence: firstSequence - 1 };
    this.#options.log.error('drain.gap', { journalId, ...missing });
  }

  #announce(segment: SealedSegment) {
    const { journal, log } = this.#options;
    this.#committed = segment.lastSequence;
    this.#metrics.settled.add(segment.eventsCount, { outcome: 'stored' });
    this.#metrics.settled.add(segment.setAside.length, { outcome: 'setAside' });
    this.#metrics.committedSequence.set(this.#committed);
    this.#metrics.lagEvents.set(Math.max(0, journal.head().sequence - this.#committed));
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.committed());
      } catch (error) {
        // The others must still be told; the event is stored whatever a follower thinks of it.
        log.error('drain.listener.failed', { reason: String(error) });
      }
    }
  }

  /** Repeats a step until it succeeds, or gives undefined when the drain is stopped before that. */
  async #retry<T>(step: string, attempt: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    for (let failuresCount = 0; ; failuresCount++) {
      try {
        const result = await attempt();
        if (failuresCount > 0) log.info('drain.recovered', { step, failuresCount });
        return result;
      } catch (error) {
        const isStuck = !(error instanceof DependencyError) || !error.isRetryable;
        const delayMs = isStuck
          ? STUCK_RETRY_DELAY_MS
          : Math.min(RETRY_DELAY_MS * 2 ** failuresCount, RETRY_DELAY_MS_MAX);
        this.#metrics.failures.add(1, { step });
        const fields = { step, reason: error instanceof Error ? error.message : String(error), delayMs };
        if (isStuck) log.error('drain.failed', fields);
        else log.warn('drain.failed', fields);
        if (signal.aborted) return undefined;
        // An aborted sleep is a stop.
        await clock.sleep(delayMs, signal).catch(() => undefined);
        if (signal.aborted) return undefined;
      }
    }
  }
}
