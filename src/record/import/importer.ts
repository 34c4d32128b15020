import type { Clock } from '../../base/clock.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Catalog, SourceObject } from '../../store/catalog.ts';
import type { CommitFeed } from '../../store/commit-feed.ts';
import type { EventStore } from '../../store/event-store.ts';
import { BodyReaderPool } from './body-reader-pool.ts';
import { ImportStream, type ObjectOutcome } from './import-stream.ts';
import { KnownEventIds } from './known-event-ids.ts';
import { registerImportMetrics } from './telemetry.ts';

export interface ImporterLimits {
  /** Events that imports may have in the journal at once, not yet stored; more wait. About 250 bytes of memory each. */
  readonly pendingEventsMax: number;
  /** Share of the journal's bound that imports leave to live events; between 0 and 1. */
  readonly journalShareMax: number;
  /** How long a request waits for room before it is refused as retryable. */
  readonly waitMsMax: number;
}

const IMPORTER_LIMITS: ImporterLimits = {
  pendingEventsMax: 150_000,
  journalShareMax: 0.5,
  waitMsMax: 20_000,
};

export interface ImporterOptions {
  readonly catalog: Catalog;
  readonly store: EventStore;
  readonly journal: Journal;
  readonly commitFeed: CommitFeed;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits?: Partial<ImporterLimits>;
}

/**
 * Stores the events of log files in the history, exactly as they are: origin `import`, verification `none`, provenance in
 * the catalog. An event id that is stored already is not stored again; one with other content is kept as a conflict.
 * Events of any account are taken and stay under their own.
 */
export interface Importer {
  /** Opens an import: only an id, under which its source objects are listed in the catalog. */
  begin(importedBy: string): Promise<{ readonly importId: string }>;
  /** Which of these objects were imported completely before, in their order. */
  findComplete(objects: readonly { readonly uri: string; readonly sha256: string }[]): Promise<boolean[]>;
  /**
   * Reads one body of lines: `#file {…}` is followed by a log file as it is stored; `#object {…}` opens an object whose
   * records are lines without `#`, `#end {…}` closes it or, with `isPartial`, this part of it. Resolves when everything accepted is durable in the journal.
   * Rejects with a `DependencyError` (retryable) when there is no room; what was accepted until then counts as seen before.
   */
  importEvents(request: ImportRequest): Promise<ObjectOutcome[]>;
  /** Resolves with the number of events that are not yet stored: 0, unless `waitMs` or the signal ended first. */
  end(importId: string, options: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<number>;
}

export interface ImportRequest {
  readonly importId: string;
  readonly importedBy: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

const POLL_MS = 20;
/** Answers that are remembered between asking and sending; about 500 bytes each. */
const ASKED_MAX = 4_000;

export function createImporter(options: ImporterOptions): Importer {
  return new JournalImporter(options);
}

class JournalImporter implements Importer {
  readonly #options: ImporterOptions;
  readonly #limits: ImporterLimits;
  readonly #known: KnownEventIds;
  readonly #readers: BodyReaderPool;
  readonly #metrics: ReturnType<typeof registerImportMetrics>;
  /** What a crash may have left in the journal has to be stored before ids can be judged. */
  readonly #backlogSequence: number;
  /** The last sequence that an import wrote. */
  readonly #lastSequences = new Map<string, number>();
  #loading: Promise<void> | undefined;
  /** What `findComplete` found, until the object comes. */
  readonly #asked = new Map<string, SourceObject | undefined>();

  constructor(options: ImporterOptions) {
    this.#options = options;
    this.#limits = { ...IMPORTER_LIMITS, ...options.limits };
    this.#known = new KnownEventIds(options);
    this.#readers = new BodyReaderPool(options.log);
    this.#metrics = registerImportMetrics(options.metrics);
    this.#backlogSequence = options.journal.head().sequence;
  }

  async begin(importedBy: string): Promise<{ importId: string }> {
    const importId = this.#options.random.uuid();
    this.#options.log.info('import.began', { importId, importedBy });
    this.#loadFilter();
    return { importId };
  }

  async findComplete(objects: readonly { uri: string; sha256: string }[]): Promise<boolean[]> {
    const { catalog } = this.#options;
    const found = await catalog.getSourceObjects(objects);
    for (const [index, { uri, sha256 }] of objects.entries())
      if (this.#asked.size < ASKED_MAX) this.#asked.set(keyOf(uri, sha256), found[index]);
    return found.map((earlier) => earlier?.isComplete ?? false);
  }

  /** Objects are asked about right before they are sent, so the catalog need not be asked twice. */
  async #earlierObject(uri: string, sha256: string): Promise<SourceObject | undefined> {
    const key = keyOf(uri, sha256);
    if (!this.#asked.has(key)) return this.#options.catalog.getSourceObject(uri, sha256);
    const earlier = this.#asked.get(key);
    this.#asked.delete(key);
    return earlier;
  }

  async importEvents(request: ImportRequest): Promise<ObjectOutcome[]> {
    await this.#waitFor(() => this.#backlogReason(), request.signal);
    this.#loadFilter();
    const { catalog, journal, commitFeed, clock, random } = this.#options;
    const stream = new ImportStream({
      importId: request.importId,
      importedBy: request.importedBy,
      readBody: (body, settings) => this.#readers.read(body, settings),
      known: this.#known,
      catalog,
      earlierObject: (uri, sha256) => this.#earlierObject(uri, sha256),
      clock,
      random,
      count: (outcome, amount) => this.#metrics.records.add(amount, { outcome }),
      append: async (entries) => {
        await this.#waitFor(() => this.#fullReason(), request.signal);
        const { lastSequence } = await journal.append(entries);
        this.#metrics.pending.set(this.#known.pendingCount);
        const previous = this.#lastSequences.get(request.importId) ?? 0;
        this.#lastSequences.set(request.importId, Math.max(previous, lastSequence));
        return { lastSequence, committedSequence: commitFeed.committed().sequence };
      },
    });
    return stream.read(request.body);
  }

  async end(importId: string, wait: { waitMs: number; signal: AbortSignal }): Promise<number> {
    const { clock, commitFeed, log } = this.#options;
    const last = this.#lastSequences.get(importId) ?? 0;
    const untilMs = clock.monotonicMs() + wait.waitMs;
    const pending = () => Math.max(0, last - commitFeed.committed().sequence);
    while (pending() > 0 && clock.monotonicMs() < untilMs && !wait.signal.aborted) await clock.sleep(POLL_MS);
    this.#asked.clear();
    this.#readers.rest();
    if (pending() === 0) this.#lastSequences.delete(importId);
    log.info('import.ended', { importId, pendingCount: pending() });
    return pending();
  }

  #loadFilter() {
    if (this.#loading !== undefined || this.#backlogReason() !== undefined) return;
    const { log } = this.#options;
    this.#loading = this.#known.load().catch((error: unknown) => {
      this.#loading = undefined;
      log.warn('import.filter.failed', { reason: error instanceof Error ? error.message : String(error) });
    });
  }

  #backlogReason(): string | undefined {
    const missing = this.#backlogSequence - this.#options.commitFeed.committed().sequence;
    return missing > 0 ? `${missing} journalled events from before the start are not stored yet` : undefined;
  }

  #fullReason(): string | undefined {
    const { pendingEventsMax, journalShareMax } = this.#limits;
    const usage = this.#options.journal.usage();
    if (usage.refusal !== undefined) return usage.refusal;
    if (usage.sizeBytes + usage.reservedBytes > usage.sizeBytesMax * journalShareMax) {
      return `the journal is at ${usage.sizeBytes} of ${usage.sizeBytesMax} bytes, and imports leave the rest to live events`;
    }
    // What waits here is reserved itself, so a single group always fits.
    const pendingCount =
      this.#options.journal.head().sequence - this.#options.commitFeed.committed().sequence;
    return pendingCount > pendingEventsMax ? `${pendingCount} events wait to be stored` : undefined;
  }

  async #waitFor(reasonNow: () => string | undefined, signal: AbortSignal): Promise<void> {
    let reason = reasonNow();
    if (reason === undefined) return;
    const { clock, log } = this.#options;
    this.#metrics.waits.add();
    log.debug('import.waiting', { reason });
    const untilMs = clock.monotonicMs() + this.#limits.waitMsMax;
    while (reason !== undefined) {
      signal.throwIfAborted();
      if (clock.monotonicMs() >= untilMs) {
        throw new DependencyError({ dependency: 'import', operation: 'wait', isRetryable: true, reason });
      }
      await clock.sleep(POLL_MS, signal);
      reason = reasonNow();
    }
  }
}

function keyOf(uri: string, sha256: string): string {
  return `${sha256} ${uri}`;
}
