import type { ChainHead, ChainLink, SignedHead } from '../model/chain.ts';
import type { EntryToAppend, JournalEntry } from '../model/recorded-event.ts';

export type { ChainHead, ChainLink, SignedHead } from '../model/chain.ts';

/**
 * Sequence numbers that hold no event in the store, with the reason: one entry of the ledger of explained
 * ones.
 */
export interface SetAside {
  readonly sequence: number;
  readonly segment: string;
  readonly offsetBytes: number;
  readonly reason: string;
}

/**
 * A segment that nothing is appended to any more: the unit that is handed to the event store. Its
 * boundaries are on disk before it is returned, and the same after a crash.
 */
export interface SealedSegment {
  readonly journalId: string;
  readonly path: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Events that the store has to hold: `lastSequence - firstSequence + 1 - setAside.length`. */
  readonly eventsCount: number;
  readonly sizeBytes: number;
  /** SHA-256 of the chain at its last batch; with the range it makes the deduplication token. */
  readonly contentHash: string;
  readonly links: readonly ChainLink[];
  readonly setAside: readonly SetAside[];
}

/**
 * A call that is about to be forwarded in `blocking` mode; `entry` is what is recorded if no outcome ever
 * comes.
 */
export interface Intent {
  readonly intentId: string;
  readonly entry: JournalEntry;
}

export interface JournalUsage {
  readonly sizeBytes: number;
  readonly sizeBytesMax: number;
  readonly reservedBytes: number;
  /** Why nothing can be appended at present, or undefined. */
  readonly refusal: string | undefined;
}

/**
 * What recovery found that was not as it was written, at most one entry per place. `lost` ranges hold
 * sequence numbers that no segment has any more; most are in no `setAside` list, and whoever keeps the
 * ledger MUST account for them.
 */
export interface RecoveryFinding {
  readonly kind:
    | 'tornTail'
    | 'corruptEvent'
    | 'corruptTrailer'
    | 'corruptHeader'
    | 'corruptFrame'
    | 'corruptChainLog'
    | 'brokenChain'
    | 'lost';
  /** File name, without its folder. */
  readonly segment: string;
  readonly offsetBytes: number;
  readonly reason: string;
  /** The sequence numbers concerned, where any are. */
  readonly firstSequence?: number;
  readonly lastSequence?: number;
}

/**
 * The durable append log.
 *
 * `append` MUST NOT resolve before the events and the directory entry of their segment are fsynced;
 * concurrent appends share one fsync (group commit, without a delay timer). It is all or nothing per call:
 * it rejects with a `DependencyError` (`journal`, retryable) when the bound or the disk is full, and then
 * none of the call's events is ever readable. Sequence numbers have no gaps. After a crash a torn tail is
 * cut; nothing that was acknowledged is lost.
 */
export interface Journal {
  readonly journalId: string;
  append(
    entries: readonly EntryToAppend[],
  ): Promise<{ readonly firstSequence: number; readonly lastSequence: number }>;
  /**
   * Makes an intent durable and reserves room for its outcome, so that the outcome's `append` cannot be
   * refused. The intent is closed by appending an entry whose `meta.intentId` names it.
   */
  openIntent(intent: Intent): Promise<void>;
  /** Releases an intent whose call was never forwarded, without an event. */
  cancelIntent(intentId: string): Promise<void>;
  /**
   * Intents that a crash left without an outcome; found once, at open. Append their `entry` to close them.
   */
  readonly orphanedIntents: readonly Intent[];
  head(): ChainHead;
  usage(): JournalUsage;
  /**
   * The next sealed segment after the ones already taken, in order; seals the active one when it holds
   * events and is older than `sealAfterMs` (`Infinity`: never for its age) or larger than the configured
   * bound; after a quiet time sooner, so that a single call is visible at once; one of imported events alone
   * waits longer while more come. Resolves with undefined when the signal is aborted, or when the journal is
   * closed and nothing is left to be taken.
   */
  takeSealed(options: {
    readonly sealAfterMs: number;
    readonly signal: AbortSignal;
  }): Promise<SealedSegment | undefined>;
  /**
   * Moves the links of a stored segment to the chain log, fsyncs it, then deletes the segment. Idempotent.
   * In order of the segments. Without effect after `close`: the segment is then found again at the next
   * open.
   */
  release(segment: SealedSegment): Promise<void>;
  /** What was found damaged at open, in the order of the segments; empty after a clean stop. */
  readonly findings: readonly RecoveryFinding[];
  /**
   * Links that touch a range of sequence numbers (both inclusive), in order: released, sealed and active
   * ones.
   */
  readChain(firstSequence: number, lastSequence: number): AsyncIterable<ChainLink>;
  /** Signed heads with a `sequence` from `firstSequence` on, in order. */
  readHeads(firstSequence: number): AsyncIterable<SignedHead>;
  /** The key that heads are verified with, PEM. */
  readonly publicKeyPem: string;
  /**
   * Deletes whole files of the chain log whose links all end at or before a sequence number, because all
   * their events have expired. Returns the first sequence number whose link is still kept.
   */
  pruneChain(throughSequence: number): Promise<number>;
  /** Flushes and fsyncs what was accepted, refuses what comes later, and seals the active segment. */
  close(): Promise<void>;
}
