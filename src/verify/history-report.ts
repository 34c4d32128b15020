/** Sequence numbers (both inclusive) that need not be in the store, and why. */
export interface ExplainedRange {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /**
   * `duplicate`, `setAside`: from the ledger; `dropped`: retention removed the events, and perhaps their
   * links.
   */
  readonly reason: 'duplicate' | 'setAside' | 'dropped';
}

/**
 * What is not as it was recorded.
 *
 * - `changed`: an event's line is not the one that was hashed, or the event is filed under other values than it has.
 * - `removed`: an event that was recorded is not in the store, and nothing explains it.
 * - `added`: a line that was not recorded: without a link, of another journal, or a second one with its sequence number.
 * - `misplaced`: a line that came out of order.
 * - `brokenLink`: a link does not continue the one before, does not fit its events, or is malformed.
 * - `missingLinks`: links of recorded events are gone.
 * - `badHead`: a head whose signature, hash or place does not fit, or whose links' records were changed.
 * - `missingHead`: a head that a later one names, or that is known from elsewhere, is gone.
 */
export type HistoryFindingKind =
  | 'changed'
  | 'removed'
  | 'added'
  | 'misplaced'
  | 'brokenLink'
  | 'missingLinks'
  | 'badHead'
  | 'missingHead';

export interface HistoryFinding {
  readonly kind: HistoryFindingKind;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Where the line is there and can be read. */
  readonly eventId?: string;
  /** One line, lower case. */
  readonly detail: string;
}

export interface HistoryReport {
  readonly journalId: string;
  /** Whether nothing was found. */
  readonly isIntact: boolean;
  /** The first of the findings, at most as many as asked for. */
  readonly findings: readonly HistoryFinding[];
  readonly findingsCount: number;
  /** Lines whose hash is the recorded one. */
  readonly eventsVerified: number;
  /** Of those, how many by the first 8 bytes only, because other events of their link are gone. */
  readonly eventsVerifiedByPrefix: number;
  readonly linksVerified: number;
  readonly headsVerified: number;
  /** Explained sequence numbers without a line, by reason. */
  readonly explained: Readonly<Record<ExplainedRange['reason'], number>>;
  /**
   * The newest sequence number that a good head vouches for; what is behind it is vouched for by nothing
   * yet.
   */
  readonly signedThrough: number;
  /** The newest sequence number with a link. */
  readonly linkedThrough: number;
}

/** Collects findings and counts while a history is read. */
export class ReportBuilder {
  readonly findings: HistoryFinding[] = [];
  findingsCount = 0;
  eventsVerified = 0;
  eventsVerifiedByPrefix = 0;
  linksVerified = 0;
  headsVerified = 0;
  signedThrough = 0;
  linkedThrough = 0;
  readonly explained = { duplicate: 0, setAside: 0, dropped: 0 };
  readonly #journalId: string;
  readonly #findingsMax: number;

  constructor(journalId: string, findingsMax: number) {
    this.#journalId = journalId;
    this.#findingsMax = findingsMax;
  }

  report(
    kind: HistoryFindingKind,
    range: { readonly first: number; readonly last?: number; readonly eventId?: string | undefined },
    detail: string,
  ): void {
    this.findingsCount++;
    if (this.findings.length >= this.#findingsMax) return;
    const eventId = range.eventId === undefined ? {} : { eventId: range.eventId };
    const lastSequence = range.last ?? range.first;
    this.findings.push({ kind, firstSequence: range.first, lastSequence, ...eventId, detail });
  }

  build(): HistoryReport {
    const { findings, findingsCount, eventsVerified, eventsVerifiedByPrefix, linksVerified } = this;
    const { headsVerified, explained, signedThrough, linkedThrough } = this;
    return {
      journalId: this.#journalId,
      isIntact: findingsCount === 0,
      findings,
      findingsCount,
      eventsVerified,
      eventsVerifiedByPrefix,
      linksVerified,
      headsVerified,
      explained,
      signedThrough,
      linkedThrough,
    };
  }
}
