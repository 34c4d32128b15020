import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { EventOrigin } from '../model/recorded-event.ts';
import type { Catalog, Hold } from '../store/catalog.ts';
import type { EventStore, Partition } from '../store/event-store.ts';
import type { StoreLock } from './store-lock.ts';
import { createRetentionMetrics, type RetentionMetrics } from './telemetry.ts';

const DAY_MS = 86_400_000;
/** Expired partitions wait this long at most; weeks and months end at midnight UTC, so more often would find nothing. */
const RUN_INTERVAL_MS = DAY_MS;
const RETRY_INTERVAL_MS = 60_000;

export interface RetentionOptions {
  readonly store: EventStore;
  readonly catalog: Catalog;
  readonly lock: StoreLock;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds that events are kept after their time; undefined is for ever. */
  readonly keepMs: Readonly<Record<EventOrigin, number | undefined>>;
}

/**
 * Drops partitions of which every event has expired, at start and once a day. None that overlaps a hold; and only after
 * the catalog knows which sequence numbers go with it, so that `verify` can tell dropped from lost.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #metrics: RetentionMetrics;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#metrics = createRetentionMetrics(options.metrics);
  }

  start() {
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Drops what has expired by now; gives the names of the dropped partitions. */
  async run(): Promise<string[]> {
    const { store, catalog, lock, log, clock } = this.#options;
    const nowMs = clock.now();
    const expired = (await store.partitions()).filter((partition) => this.#isExpired(partition, nowMs));
    const dropped: string[] = [];
    let heldCount = 0;
    for (const partition of expired) {
      if (this.#isStopped) break;
      // Read again for each: a hold that was made a moment ago counts.
      const hold = (await catalog.listHolds()).find((candidate) => overlaps(candidate, partition));
      if (hold !== undefined) {
        heldCount++;
        log.info('retention.held', { partition: partition.name, hold: hold.name });
        continue;
      }
      const eventsCount = await lock.run(() => this.#drop(partition));
      dropped.push(partition.name);
      this.#metrics.droppedPartitions.add(1, { origin: partition.origin });
      this.#metrics.droppedEvents.add(eventsCount, { origin: partition.origin });
      log.info('retention.dropped', { partition: partition.name, eventsCount });
    }
    this.#metrics.heldPartitions.set(heldCount);
    return dropped;
  }

  async #drop(partition: Partition): Promise<number> {
    const { store, catalog, clock } = this.#options;
    const droppedAtMs = clock.now();
    let eventsCount = 0;
    for (const range of await store.sequenceRanges(partition.name)) {
      await catalog.putDropped({ name: partition.name, ...range, droppedAtMs });
      eventsCount += range.eventsCount;
    }
    await store.dropPartition(partition.name);
    return eventsCount;
  }

  #isExpired({ origin, toMs }: Partition, nowMs: number): boolean {
    const keepMs = this.#options.keepMs[origin];
    return keepMs !== undefined && toMs < nowMs - keepMs;
  }

  #schedule(delayMs: number) {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#running = this.run().then(
        () => this.#schedule(RUN_INTERVAL_MS),
        (error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          this.#options.log.warn('retention.failed', { reason });
          this.#schedule(RETRY_INTERVAL_MS);
        },
      );
    });
  }
}

/** Both ends of both are inclusive. */
function overlaps(hold: Hold, partition: Partition): boolean {
  return hold.fromMs <= partition.toMs && hold.toMs >= partition.fromMs;
}
