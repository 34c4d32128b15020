import type { Clock } from '../../base/clock.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Log } from '../../base/log.ts';
import type { EventStore } from '../event-store.ts';

/** Pause between attempts to open a store whose engine does not start; someone may have to act. */
const RETRY_DELAY_MS = 5_000;

export interface PatientStoreOptions {
  /** Opens the real store; called again after each retryable failure. */
  readonly open: () => Promise<EventStore>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * An event store that is there before its engine is: until the real one is open, every call rejects with a retryable
 * `DependencyError`, so that recording can begin while the engine is being mended. A failure that is not retryable (a schema
 * of a newer version) ends the attempts.
 */
export class PatientEventStore implements EventStore {
  /** Resolves when the store is open; rejects when it never will be. */
  readonly opened: Promise<void>;
  readonly #options: PatientStoreOptions;
  readonly #closing = new AbortController();
  #store: EventStore | undefined;
  #reason = 'the engine has not started yet';

  constructor(options: PatientStoreOptions) {
    this.#options = options;
    this.opened = this.#open();
    // Whoever awaits it sees the failure; nobody has to.
    this.opened.catch(() => undefined);
  }

  async #open(): Promise<void> {
    const { open, clock, log } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const store = await open();
        if (signal.aborted) await store.close();
        this.#store = store;
        return;
      } catch (error) {
        if (!(error instanceof DependencyError) || !error.isRetryable) throw error;
        this.#reason = error.message;
        log.error('engine.notStarted', { reason: error.message, retryInMs: RETRY_DELAY_MS });
        await clock.sleep(RETRY_DELAY_MS, signal).catch(() => undefined);
      }
    }
  }

  get #real(): EventStore {
    if (this.#store !== undefined) return this.#store;
    const failure = { dependency: 'engine', operation: 'start', isRetryable: true, reason: this.#reason };
    throw new DependencyError(failure);
  }

  async storeSegment(...args: Parameters<EventStore['storeSegment']>) {
    return await this.#real.storeSegment(...args);
  }

  async find(...args: Parameters<EventStore['find']>) {
    return await this.#real.find(...args);
  }

  async count(...args: Parameters<EventStore['count']>) {
    return await this.#real.count(...args);
  }

  async facet(...args: Parameters<EventStore['facet']>) {
    return await this.#real.facet(...args);
  }

  async readAfter(...args: Parameters<EventStore['readAfter']>) {
    return await this.#real.readAfter(...args);
  }

  async *lines(...args: Parameters<EventStore['lines']>) {
    yield* this.#real.lines(...args);
  }

  async existing(...args: Parameters<EventStore['existing']>) {
    return await this.#real.existing(...args);
  }

  async *eventIds() {
    yield* this.#real.eventIds();
  }

  async partitions() {
    return await this.#real.partitions();
  }

  async sequenceRanges(partition: string) {
    return await this.#real.sequenceRanges(partition);
  }

  async dropPartition(name: string) {
    await this.#real.dropPartition(name);
  }

  async totals() {
    return await this.#real.totals();
  }

  async ping(timeoutMs: number) {
    await this.#real.ping(timeoutMs);
  }

  async close() {
    this.#closing.abort();
    await this.#store?.close();
  }
}
