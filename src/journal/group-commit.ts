import type { Clock, Timer } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { ChainLink } from '../model/chain.ts';
import type { Ballast } from './ballast.ts';
import { BatchEncoder, type ChainPosition } from './batch-encoder.ts';
import { type CommitRequest, hasOnlyImported } from './commit-request.ts';
import { type Disk, errorCode } from './disk.ts';
import type { Frame } from './frame.ts';
import type { IntentTable } from './intent-table.ts';
import type { SegmentRecord } from './segment-record.ts';
import { endOf, type SegmentEnd, SegmentWriter, SyncFailure } from './segment-writer.ts';
import type { JournalMetrics } from './telemetry.ts';

/** Attempts to write a request that was promised room, before it is given up. */
const PRIORITY_ATTEMPTS_MAX = 3;
/** How often it is tried whether a disk that failed takes writes again. */
const PROBE_INTERVAL_MS = 250;
/**
 * Free space beyond what was refused last, before appends are accepted again; keeps the state from
 * flapping.
 */
const SPARE_BYTES = 1 << 20;

export interface GroupCommitOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: JournalMetrics;
  readonly directory: string;
  readonly sizeBytesMax: number;
  readonly segmentBytesMax: number;
  readonly segmentEventsMax: number;
  readonly batchBytesMax: number;
  readonly queueBytesMax: number;
  readonly intentReserveBytes: number;
  readonly ballast: Ballast;
  readonly intents: IntentTable;
  readonly position: ChainPosition;
  readonly previous: SegmentEnd | undefined;
  /** Greater than that of any file on disk: a name is used once, so that what one header says of it holds. */
  readonly nextFileNumber: number;
  /** Bytes of the segments that are sealed. */
  readonly sealedBytes: () => number;
  /** Called when a batch is durable, before anyone is told. `link` is undefined when it holds frames only. */
  readonly onCommitted: (link: ChainLink | undefined, segmentPath: string) => void;
  readonly onSealed: (record: SegmentRecord) => void;
}

interface Refusal {
  readonly kind: 'bound' | 'disk';
  readonly reason: string;
  /** Room without which the next append would be refused again. */
  readonly neededBytes: number;
}

/**
 * Writes what has queued, one batch after the other: while one is being synced the next gathers, so that
 * many callers share one fsync and nobody waits for a timer.
 *
 * A disk that fails is not asked again by every caller: appends are refused at once until a probe finds
 * that it takes writes. Requests that were promised room go on.
 */
export class GroupCommit {
  position: ChainPosition;
  active: SegmentWriter | undefined;
  readonly #options: GroupCommitOptions;
  readonly #encoder = new BatchEncoder();
  readonly #priority: { request: CommitRequest; attempts: number }[] = [];
  #normal: CommitRequest[] = [];
  #normalIndex = 0;
  #queuedBytes = 0;
  readonly #tasks: (() => Promise<void>)[] = [];
  #isRunning = false;
  #refusal: Refusal | undefined;
  #previous: SegmentEnd | undefined;
  #nextFileNumber: number;
  #probe: Timer | undefined;
  #isStopped = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.position = options.position;
    this.#previous = options.previous;
    this.#nextFileNumber = options.nextFileNumber;
  }

  get usedBytes(): number {
    return this.#options.sealedBytes() + (this.active?.sizeBytes ?? 0);
  }

  /** Why appends are refused at present. */
  get refusal(): string | undefined {
    const refusal = this.#refusal;
    if (refusal?.kind === 'bound' && this.#fits(refusal.neededBytes)) this.#endRefusal();
    return this.#refusal?.reason;
  }

  submit(request: CommitRequest): void {
    if (this.#isStopped) {
      request.reject(refusalError('it is closed'));
      return;
    }
    if (request.isPriority) {
      this.#priority.push({ request, attempts: 0 });
    } else if (this.#refusal?.kind === 'disk') {
      this.#refuse(request, 'disk', this.#refusal.reason);
      return;
    } else if (
      this.#queuedBytes + request.weightBytes > this.#options.queueBytesMax &&
      this.#queuedBytes > 0
    ) {
      this.#refuse(request, 'queue', 'the disk is slower than what comes in; try again');
      return;
    } else {
      this.#normal.push(request);
      this.#queuedBytes += request.weightBytes;
    }
    this.#start();
  }

  /** Runs between two batches: nothing is in flight meanwhile. */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, reject));
      this.#start();
    });
  }

  /** Seals the active segment if it holds anything. Only from within `exclusively`. */
  async seal(): Promise<void> {
    const { active } = this;
    if (active === undefined) return;
    this.active = undefined;
    const record = await active.seal();
    this.#previous = endOf(record);
    this.#options.onSealed(record);
  }

  /**
   * Makes frames durable at once. Only from within `exclusively`; returns the path of the segment that
   * holds them.
   */
  async writeFrames(frames: readonly Frame[]): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const request: CommitRequest = {
      frames,
      entries: [],
      isPriority: true,
      weightBytes: 0,
      resolve: ({ segmentPath }) => resolve(segmentPath),
      reject,
    };
    this.#priority.unshift({ request, attempts: 0 });
    for (let attempt = 0; attempt < PRIORITY_ATTEMPTS_MAX; attempt++) {
      if (!this.#priority.some((waiting) => waiting.request === request)) break;
      await this.#commitNext();
    }
    return await promise;
  }

  /** Tries at once whether the disk takes writes again, because room was made. */
  probeSoon(): void {
    if (this.#refusal?.kind === 'disk') this.#scheduleProbe(0);
  }

  /** Writes what has queued, refuses what comes later. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    while (this.#priority.length > 0 || this.#normalIndex < this.#normal.length)
      await this.exclusively(async () => {});
    this.#probe?.cancel();
    await this.exclusively(() => this.seal());
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#priority.length > 0 || this.#normalIndex < this.#normal.length || this.#tasks.length > 0) {
      if (this.#priority.length > 0 || this.#normalIndex < this.#normal.length) await this.#commitNext();
      await this.#tasks.shift()?.();
    }
    this.#isRunning = false;
  }

  async #commitNext(): Promise<void> {
    const batch: { request: CommitRequest; attempts: number }[] = [];
    try {
      const active = await this.#prepareSegment();
      this.#encoder.start(this.position);
      this.#fill(batch, active);
      if (batch.length === 0) return;
      await this.#write(batch, active);
    } catch (error) {
      if (batch.length === 0) batch.push(...this.#priority.splice(0));
      await this.#fail(error, batch);
    }
  }

  async #prepareSegment(): Promise<SegmentWriter> {
    const { segmentEventsMax, segmentBytesMax, disk, directory } = this.#options;
    const next = this.#priority[0]?.request ?? this.#normal[this.#normalIndex];
    const events = this.active?.eventsCount ?? 0;
    const isFull = events + (next?.entries.length ?? 0) > segmentEventsMax && events > 0;
    if (isFull || (this.active?.sizeBytes ?? 0) >= segmentBytesMax) await this.seal();
    this.active ??= await SegmentWriter.create(disk, {
      directory,
      from: this.position,
      fileNumber: this.#nextFileNumber++,
      previous: this.#previous,
    });
    return this.active;
  }

  /** Moves requests from the queues into the batch, as many as fit. */
  #fill(batch: { request: CommitRequest; attempts: number }[], active: SegmentWriter): void {
    const { segmentEventsMax, batchBytesMax } = this.#options;
    for (;;) {
      const waiting = this.#priority[0] ?? this.#peekNormal();
      if (waiting === undefined) return;
      const { request } = waiting;
      const events = active.eventsCount + this.#encoder.eventsCount;
      if (events > 0 && events + request.entries.length > segmentEventsMax) return;
      if (batch.length > 0 && this.#encoder.sizeBytes + request.weightBytes > batchBytesMax) return;
      if (this.#priority[0] === waiting) this.#priority.shift();
      else this.#dropNormal(request);
      const mark = this.#encoder.mark();
      for (const frame of request.frames) this.#encoder.addFrame(frame);
      for (const entry of request.entries) this.#encoder.addEvent(entry);
      if (!request.isPriority && !this.#fits(this.#encoder.sizeBytes)) {
        const neededBytes = this.#encoder.sizeBytes - mark.offset;
        this.#encoder.cutBack(mark);
        const reason = `the journal has reached its bound of ${this.#options.sizeBytesMax} bytes`;
        this.#beginRefusal({ kind: 'bound', reason, neededBytes });
        this.#refuse(request, 'bound', reason);
      } else {
        batch.push(waiting);
      }
    }
  }

  async #write(batch: readonly { request: CommitRequest }[], active: SegmentWriter): Promise<void> {
    const { clock, metrics, onCommitted } = this.#options;
    const encoded = this.#encoder.finish();
    const startedMs = clock.monotonicMs();
    await active.append(encoded.bytes);
    metrics.syncSeconds.observe((clock.monotonicMs() - startedMs) / 1_000);
    metrics.batches.add();
    metrics.appended.add(encoded.eventsCount);
    let sequence = this.position.sequence;
    this.position = encoded.position;
    if (encoded.link !== undefined) {
      active.links.push(encoded.link);
      const areImported = batch.every(({ request }) => hasOnlyImported(request));
      active.noteEvents(clock.monotonicMs(), { areImported });
    }
    onCommitted(encoded.link, active.path);
    for (const { request } of batch) {
      const firstSequence = sequence + 1;
      sequence += request.entries.length;
      request.resolve({ firstSequence, lastSequence: sequence, segmentPath: active.path });
    }
    metrics.sizeBytes.set(this.usedBytes);
  }

  /**
   * Settles the disk first and tells the callers then, so that a refused event is not found after a crash.
   */
  async #fail(error: unknown, batch: readonly { request: CommitRequest; attempts: number }[]): Promise<void> {
    const cause = error instanceof SyncFailure ? error.cause : error;
    const code = errorCode(cause);
    const { active } = this;
    const canStay = active !== undefined && !(error instanceof SyncFailure) && (await active.cutBack());
    if (active !== undefined && !canStay) await this.#abandon(active, cause);
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    const reason = isFull ? 'the disk is full' : `the disk fails (${code ?? String(cause)})`;
    const neededBytes = batch.reduce((sum, { request }) => sum + request.weightBytes, 0);
    this.#beginRefusal({ kind: 'disk', reason, neededBytes });
    const again: { request: CommitRequest; attempts: number }[] = [];
    for (const { request, attempts } of batch) {
      if (request.isPriority && attempts + 1 < PRIORITY_ATTEMPTS_MAX) {
        again.push({ request, attempts: attempts + 1 });
      } else {
        this.#refuse(request, 'disk', reason, cause);
      }
    }
    for (const request of this.#normal.slice(this.#normalIndex)) this.#refuse(request, 'disk', reason, cause);
    this.#normal = [];
    this.#normalIndex = 0;
    this.#queuedBytes = 0;
    this.#priority.unshift(...again);
    if (isFull && again.length > 0) await this.#giveBallast(again.length);
    this.#scheduleProbe(PROBE_INTERVAL_MS);
  }

  /** A failure to give room is found by the next write, which has its attempts counted. */
  async #giveBallast(outcomes: number): Promise<void> {
    const { ballast, intentReserveBytes, log } = this.#options;
    await ballast.give(outcomes * intentReserveBytes).catch((error: unknown) => {
      log.error('journal.ballast.stuck', { code: errorCode(error) });
    });
  }

  async #abandon(active: SegmentWriter, cause: unknown): Promise<void> {
    const { log, disk, onSealed } = this.#options;
    this.active = undefined;
    const record = await active.abandon();
    log.error('journal.segment.abandoned', { segment: endOf(record).name, code: errorCode(cause) });
    this.#previous = endOf(record);
    if (record.sizeBytes > 0) onSealed(record);
    // Without a durable byte in it, the next header says the same: that nothing of it counts.
    else await disk.unlink(record.path).catch(() => undefined);
  }

  #fits(bytes: number): boolean {
    const { sizeBytesMax, intents } = this.#options;
    return this.usedBytes + intents.reservedBytes + bytes <= sizeBytesMax;
  }

  #peekNormal(): { request: CommitRequest; attempts: number } | undefined {
    const request = this.#normal[this.#normalIndex];
    return request === undefined ? undefined : { request, attempts: 0 };
  }

  #dropNormal(request: CommitRequest): void {
    this.#queuedBytes -= request.weightBytes;
    this.#normalIndex++;
    if (this.#normalIndex < this.#normal.length) return;
    this.#normal = [];
    this.#normalIndex = 0;
  }

  #refuse(request: CommitRequest, label: 'bound' | 'disk' | 'queue', reason: string, cause?: unknown): void {
    this.#options.metrics.refused.add(Math.max(1, request.entries.length), { reason: label });
    request.reject(refusalError(reason, cause));
  }

  #beginRefusal(refusal: Refusal): void {
    if (this.#refusal === undefined) this.#options.log.error('journal.refusing', { reason: refusal.reason });
    this.#refusal = refusal;
  }

  #endRefusal(): void {
    this.#refusal = undefined;
    this.#options.log.info('journal.recovered');
  }

  #scheduleProbe(delayMs: number): void {
    this.#probe?.cancel();
    if (this.#isStopped) return;
    this.#probe = this.#options.clock.after(delayMs, () => {
      void this.exclusively(() => this.#tryDisk());
    });
  }

  /**
   * Ends the refusal when there is room for what was refused last, and the promises to open intents can be
   * kept.
   */
  async #tryDisk(): Promise<void> {
    const { disk, directory, ballast, intents } = this.#options;
    if (this.#refusal?.kind !== 'disk') return;
    try {
      const missingBytes = Math.max(0, intents.reservedBytes + ballast.sizeBytesMin - ballast.sizeBytes);
      const neededBytes = this.#refusal.neededBytes + missingBytes + SPARE_BYTES;
      const hasRoom = (await disk.freeBytes(directory)) >= neededBytes;
      if (hasRoom) {
        await ballast.hold(intents.reservedBytes);
        const active = await this.#prepareSegment();
        await active.proveWritable().catch(async (error: unknown) => {
          await this.#abandon(active, error);
          throw error;
        });
        this.#endRefusal();
        return;
      }
    } catch (error) {
      this.#options.log.debug('journal.probe.failed', { code: errorCode(error) });
    }
    this.#scheduleProbe(PROBE_INTERVAL_MS);
  }
}

function refusalError(reason: string, cause?: unknown): DependencyError {
  return new DependencyError({
    dependency: 'journal',
    operation: 'append',
    isRetryable: true,
    reason,
    cause,
  });
}
