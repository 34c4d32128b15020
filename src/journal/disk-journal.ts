import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { ChainHead, ChainLink, SignedHead } from '../model/chain.ts';
import type { EntryToAppend } from '../model/recorded-event.ts';
import type { Ballast } from './ballast.ts';
import type { ChainLog } from './chain-log.ts';
import { type CommitRequest, isOneField } from './commit-request.ts';
import { type Disk, errorCode } from './disk.ts';
import type { GroupCommit } from './group-commit.ts';
import type { HeadLog } from './head-log.ts';
import { type IntentTable, intentFrame } from './intent-table.ts';
import type { Intent, Journal, JournalUsage, RecoveryFinding, SealedSegment } from './journal.ts';
import { toSealedSegment } from './segment-record.ts';
import type { SegmentShelf } from './segment-shelf.ts';
import { StagingArea } from './staging-area.ts';
import type { JournalMetrics } from './telemetry.ts';

/** A line has meta and separators beside its raw event; for the accounting of memory only. */
const LINE_OVERHEAD_BYTES = 300;
/** How long a segment whose end is uncertain is left alone before it is tried again to cut it. */
const CUT_RETRY_MS = 500;

export interface DiskJournalParts {
  readonly journalId: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: JournalMetrics;
  readonly commit: GroupCommit;
  readonly shelf: SegmentShelf;
  readonly chain: ChainLog;
  readonly heads: HeadLog;
  readonly intents: IntentTable;
  readonly ballast: Ballast;
  readonly lock: { release(): void };
  readonly publicKeyPem: string;
  readonly findings: readonly RecoveryFinding[];
  readonly sizeBytesMax: number;
  readonly segmentEventsMax: number;
  readonly segmentBytesMax: number;
  readonly intentReserveBytes: number;
  readonly headIntervalMs: number;
  /** Everything up to it was released before: what is left of it on disk is deleted. */
  readonly storedSequence: number;
}

/** The journal in a directory; see `README.md` beside this file. Made by `openJournal`. */
export class DiskJournal implements Journal {
  readonly journalId: string;
  readonly publicKeyPem: string;
  readonly findings: readonly RecoveryFinding[];
  readonly orphanedIntents: readonly Intent[];
  readonly #parts: DiskJournalParts;
  readonly #staging = new StagingArea();
  #headTimer: Timer | undefined;
  #signing: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** When a segment was last taken, on the monotonic clock, which begins at 0. */
  #lastTakenAt = 0;

  static async start(parts: DiskJournalParts): Promise<DiskJournal> {
    const journal = new DiskJournal(parts);
    await parts.commit.exclusively(() => journal.#dropThrough(parts.storedSequence));
    return journal;
  }

  private constructor(parts: DiskJournalParts) {
    this.#parts = parts;
    this.journalId = parts.journalId;
    this.publicKeyPem = parts.publicKeyPem;
    this.findings = parts.findings;
    this.orphanedIntents = parts.intents.intents;
    this.#scheduleHead();
  }

  append(entries: readonly EntryToAppend[]): Promise<{ firstSequence: number; lastSequence: number }> {
    const { intents, commit, metrics, segmentEventsMax } = this.#parts;
    assert(entries.length > 0, 'an append needs an event');
    assert(
      entries.length <= segmentEventsMax,
      `an append takes at most ${segmentEventsMax} events; split it`,
    );
    const closed: string[] = [];
    let weightBytes = 0;
    for (const { raw, meta } of entries) {
      assert(isOneField(raw), 'a raw event is compact JSON without line breaks and tabs');
      weightBytes += raw.length + LINE_OVERHEAD_BYTES;
      if (meta.intentId !== undefined && intents.has(meta.intentId)) closed.push(meta.intentId);
    }
    const isPriority = closed.length > 0;
    const staged = this.#staging.stage(entries, weightBytes);
    return new Promise((resolve, reject) => {
      const request: CommitRequest = {
        frames: [],
        entries: staged.entries,
        isPriority,
        weightBytes,
        reject: (error) => {
          this.#staging.giveBack(staged);
          reject(error);
        },
        resolve: ({ firstSequence, lastSequence }) => {
          this.#staging.giveBack(staged);
          for (const intentId of closed) intents.close(intentId);
          if (isPriority) metrics.openIntents.set(intents.count);
          resolve({ firstSequence, lastSequence });
        },
      };
      commit.submit(request);
    });
  }

  async openIntent(intent: Intent): Promise<void> {
    const { intents, ballast, intentReserveBytes, metrics } = this.#parts;
    assert(!intents.has(intent.intentId), `the intent ${intent.intentId} is open already`);
    intents.beginOpening();
    try {
      if (intents.reservedBytes > ballast.sizeBytesMax) {
        const reason = `${intents.count} calls are open already, each with ${intentReserveBytes} bytes reserved`;
        throw intentRefusal(reason);
      }
      await ballast.hold(intents.reservedBytes).catch((cause: unknown) => {
        throw intentRefusal('the disk has no room for the outcome', cause);
      });
      await this.#writeFrame(intentFrame(intent), { isPriority: false, intent });
    } finally {
      intents.endOpening();
    }
    metrics.openIntents.set(intents.count);
  }

  async cancelIntent(intentId: string): Promise<void> {
    const { intents, metrics } = this.#parts;
    if (!intents.has(intentId)) return;
    await this.#writeFrame({ kind: 'cancel', body: { intentId } }, { isPriority: true });
    intents.close(intentId);
    metrics.openIntents.set(intents.count);
  }

  head(): ChainHead {
    return this.#parts.commit.position;
  }

  usage(): JournalUsage {
    const { commit, intents, sizeBytesMax } = this.#parts;
    const { usedBytes, refusal } = commit;
    return { sizeBytes: usedBytes, sizeBytesMax, reservedBytes: intents.reservedBytes, refusal };
  }

  async takeSealed(options: {
    readonly sealAfterMs: number;
    readonly signal: AbortSignal;
  }): Promise<SealedSegment | undefined> {
    const { shelf, commit, clock, segmentBytesMax, segmentEventsMax } = this.#parts;
    const { sealAfterMs, signal } = options;
    while (!signal.aborted) {
      const record = shelf.nextToTake();
      if (record !== undefined) {
        if (record.hasUncertainTail && !(await shelf.cutTail(record))) {
          await shelf.changed(CUT_RETRY_MS, signal);
          continue;
        }
        const links = await shelf.linksOf(record);
        record.isTaken = true;
        this.#lastTakenAt = clock.monotonicMs();
        return toSealedSegment(this.journalId, record, links);
      }
      if (this.#isClosed) return undefined;
      const { active } = commit;
      const dueAt = active?.sealDueAt({ sealAfterMs, lastTakenAt: this.#lastTakenAt });
      if (active === undefined || dueAt === undefined) {
        await shelf.changed(undefined, signal);
        continue;
      }
      const waitMs = dueAt - clock.monotonicMs();
      const isLarge = active.sizeBytes >= segmentBytesMax || active.eventsCount >= segmentEventsMax;
      if (waitMs <= 0 || isLarge) await commit.exclusively(() => commit.seal());
      else await shelf.changed(Number.isFinite(waitMs) ? waitMs : undefined, signal);
    }
    return undefined;
  }

  async release(segment: SealedSegment): Promise<void> {
    const { shelf, ballast, intents, commit, metrics } = this.#parts;
    const record = shelf.find(segment.path);
    if (record === undefined || this.#isClosed) return;
    assert(shelf.first === record, `segments are released in order, and ${segment.path} is not the first`);
    await this.#keepLinks(segment.links);
    await commit.exclusively(() => this.#dropThrough(record.lastSequence));
    metrics.sizeBytes.set(commit.usedBytes);
    commit.probeSoon();
    // What the chain log was given is held again, now that there is room; a probe tries it later where
    // there is none.
    await ballast.hold(intents.reservedBytes).catch(() => undefined);
  }

  async *readChain(firstSequence: number, lastSequence: number): AsyncGenerator<ChainLink> {
    const { chain, shelf, commit } = this.#parts;
    let next = firstSequence;
    while (next <= lastSequence) {
      const before = next;
      for await (const link of chain.read(next, lastSequence)) {
        yield link;
        next = link.lastSequence + 1;
      }
      // A segment may be released meanwhile: then its links are in the chain log in the next round.
      const links = (await shelf.linksAfter(next)) ?? commit.active?.links ?? [];
      for (const link of [...links]) {
        if (link.lastSequence < next) continue;
        if (link.firstSequence > lastSequence) return;
        yield link;
        next = link.lastSequence + 1;
      }
      if (next === before) return;
    }
  }

  readHeads(firstSequence: number): AsyncGenerator<SignedHead> {
    return this.#parts.heads.read(firstSequence);
  }

  pruneChain(throughSequence: number): Promise<number> {
    return this.#parts.chain.prune(throughSequence);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#headTimer?.cancel();
    const { commit, shelf, chain, heads, ballast, intents, lock } = this.#parts;
    await commit.stop();
    this.#isClosed = true;
    shelf.notify();
    await this.#signHead();
    if (intents.count === 0) await ballast.give(ballast.sizeBytes - ballast.sizeBytesMin);
    await Promise.all([chain.close(), heads.close(), ballast.close()]);
    lock.release();
  }

  /**
   * On a full disk the links are written where the ballast was; deleting the segment then makes room for it
   * again.
   */
  async #keepLinks(links: readonly ChainLink[]): Promise<void> {
    const { chain, ballast } = this.#parts;
    try {
      await chain.append(links);
    } catch (error) {
      const isFull = ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
      try {
        if (!isFull || (await ballast.give(ballast.sizeBytes)) === 0) throw error;
        await chain.append(links);
      } catch (cause) {
        const reason = 'the links of a stored segment cannot be kept, so it is not deleted';
        throw new DependencyError({
          dependency: 'journal',
          operation: 'release',
          isRetryable: true,
          reason,
          cause,
        });
      }
    }
  }

  /** Deletes segments up to a sequence number, those behind it that hold frames only included. */
  async #dropThrough(sequence: number): Promise<void> {
    const { shelf } = this.#parts;
    for (let first = shelf.first; first !== undefined; first = shelf.first) {
      if (first.lastSequence > sequence) return;
      await this.#carry(first.path);
      await shelf.remove(first);
    }
  }

  /** Writes the open intents of a segment anew, before it is deleted. Only from within `exclusively`. */
  async #carry(path: string): Promise<void> {
    const { intents, commit } = this.#parts;
    const held = intents.heldBy(path);
    if (held.length === 0) return;
    const heldIn = await commit.writeFrames(held.map(intentFrame));
    for (const intent of held) if (intents.has(intent.intentId)) intents.open(intent, heldIn);
  }

  #writeFrame(
    frame: CommitRequest['frames'][number],
    options: { isPriority: boolean; intent?: Intent },
  ): Promise<void> {
    const { commit, intents } = this.#parts;
    const { isPriority, intent } = options;
    const weightBytes = (intent?.entry.raw.length ?? 0) + LINE_OVERHEAD_BYTES;
    return new Promise((resolve, reject) => {
      commit.submit({
        frames: [frame],
        entries: [],
        isPriority,
        weightBytes,
        reject,
        resolve: ({ segmentPath }) => {
          if (intent !== undefined) intents.open(intent, segmentPath);
          resolve();
        },
      });
    });
  }

  #scheduleHead(): void {
    const { clock, headIntervalMs } = this.#parts;
    this.#headTimer = clock.after(headIntervalMs, () => {
      void this.#signHead().finally(() => {
        if (!this.#isClosed) this.#scheduleHead();
      });
    });
  }

  /** A head that could not be kept is signed again at the next interval: no link is left out. */
  #signHead(): Promise<void> {
    const { heads, clock, log } = this.#parts;
    this.#signing = this.#signing
      .then(() => heads.sign(this.head(), clock.now()))
      .catch((error: unknown) => log.error('journal.head.failed', { reason: String(error) }));
    return this.#signing;
  }
}

function intentRefusal(reason: string, cause?: unknown): DependencyError {
  return new DependencyError({
    dependency: 'journal',
    operation: 'openIntent',
    isRetryable: true,
    reason,
    cause,
  });
}
