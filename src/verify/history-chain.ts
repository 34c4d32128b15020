import { createHash, createPublicKey, hash as hashOnce } from 'node:crypto';
import {
  type ChainHead,
  type ChainLink,
  EVENT_HASH_HEX_LENGTH,
  GENESIS_HASH,
  type SignedHead,
} from '../model/chain.ts';
import { decodeJournalLine } from '../model/journal-line.ts';
import { ExplainedRanges } from './explained-ranges.ts';
import { HeadCheck } from './head-check.ts';
import { type ExplainedRange, type HistoryReport, ReportBuilder } from './history-report.ts';

const FINDINGS_MAX = 1_000;

/** A stored line with the sequence number that the store gives it. */
export interface StoredLine {
  readonly sequence: number;
  readonly line: string;
  /** Columns by which the event is searched that are not those of the line. */
  readonly changedColumns?: readonly string[];
}

/** What the store has of a journal that nothing vouches for. */
export interface ForeignEvents {
  readonly journalId: string;
  readonly eventsCount: number;
  /** Those that are to be named: all, or the first ones. */
  readonly lines: AsyncIterable<StoredLine>;
}

export interface HistorySource {
  readonly journalId: string;
  /** In order. */
  readonly links: AsyncIterable<ChainLink>;
  /** In order. */
  readonly heads: AsyncIterable<SignedHead>;
  /** In order of sequence, as `EventStore.lines` gives them. */
  readonly lines: AsyncIterable<StoredLine>;
  /** Of other journals than this one. */
  readonly foreign?: readonly ForeignEvents[];
  readonly explained: readonly ExplainedRange[];
  /** Ed25519, PEM (SPKI). Have it from elsewhere than the installation where you can. */
  readonly publicKeyPem: string;
  /**
   * Heads known from elsewhere (noted earlier, or from the running journal): the chain MUST still go
   * through them, and those with a signature MUST still be among `heads`.
   */
  readonly expectedHeads?: readonly (ChainHead | SignedHead)[];
  /** Where the three streams begin when not at the beginning; links before it are not missed. */
  readonly firstSequence?: number;
  /** How many findings are listed; all are counted. Default 1,000. */
  readonly findingsMax?: number;
}

/**
 * Re-derives the chain of a journal from what is stored now, and names what was changed, added or removed
 * since it was recorded. Streams: memory is bounded by the largest link.
 *
 * Shares no code with the journal but the formats in `model`. What it cannot see: a whole installation set
 * back to an earlier state, heads and all, unless `expectedHeads` says how far it had come; and what
 * happened behind the last head.
 */
export async function verifyHistory(source: HistorySource): Promise<HistoryReport> {
  const report = new ReportBuilder(source.journalId, source.findingsMax ?? FINDINGS_MAX);
  const explained = new ExplainedRanges(source.explained);
  const heads = new HeadCheck(source, createPublicKey(source.publicKeyPem), report, explained);
  const lines = new LineReader(source.lines[Symbol.asyncIterator](), report);
  for (const events of source.foreign ?? []) await reportForeign(events, report);
  const check = new HistoryCheck({ source, report, explained, heads, lines });
  for await (const link of source.links) await check.takeLink(link);
  await check.finish();
  return report.build();
}

async function reportForeign(
  { journalId, eventsCount, lines }: ForeignEvents,
  report: ReportBuilder,
): Promise<void> {
  let namedCount = 0;
  for await (const { sequence, line } of lines) {
    const detail = `the line is of journal '${journalId}', which has no chain`;
    report.report('added', { first: sequence, eventId: eventIdOf(line) }, detail);
    namedCount++;
  }
  report.findingsCount += Math.max(eventsCount - namedCount, 0);
}

interface CheckParts {
  readonly source: HistorySource;
  readonly report: ReportBuilder;
  readonly explained: ExplainedRanges;
  readonly heads: HeadCheck;
  readonly lines: LineReader;
}

class HistoryCheck {
  readonly #parts: CheckParts;
  #nextSequence: number;
  #hash: string | undefined;

  constructor(parts: CheckParts) {
    this.#parts = parts;
    this.#nextSequence = parts.source.firstSequence ?? 1;
    if (this.#nextSequence === 1) this.#hash = GENESIS_HASH;
  }

  async takeLink(link: ChainLink): Promise<void> {
    const { source, report, heads, explained } = this.#parts;
    const { firstSequence: first, lastSequence: last } = link;
    const count = last - first + 1;
    if (
      link.journalId !== source.journalId ||
      count < 1 ||
      link.eventHashes.length !== count * EVENT_HASH_HEX_LENGTH
    ) {
      report.report('brokenLink', { first, last }, 'the link is malformed or of another journal');
      return;
    }
    if (last < this.#nextSequence) {
      report.report('brokenLink', { first, last }, 'the link comes again, or out of order');
      return;
    }
    const isFirst = this.#hash === undefined;
    if (first > this.#nextSequence) {
      const missing = { first: this.#nextSequence, last: first - 1 };
      if (!isFirst && !explained.covers(missing.first, missing.last, 'dropped')) {
        report.report('missingLinks', missing, 'no link accounts for these events');
      }
      await this.#takeUnlinked(first);
      heads.skipLinks();
    } else if (first < this.#nextSequence && !isFirst) {
      report.report(
        'brokenLink',
        { first, last },
        `the link overlaps the one before, which ends at ${this.#nextSequence - 1}`,
      );
    } else if (!isFirst && link.previousHash !== this.#hash) {
      report.report('brokenLink', { first, last }, 'the link does not continue the one before');
    }
    await this.#checkEvents(link);
    this.#nextSequence = last + 1;
    this.#hash = link.hash;
    report.linkedThrough = last;
    await heads.takeLink(link);
  }

  async finish(): Promise<void> {
    await this.#takeUnlinked(Number.POSITIVE_INFINITY);
    await this.#parts.heads.finish(this.#nextSequence - 1);
  }

  /** Lines before `sequence` that no link accounts for. */
  async #takeUnlinked(sequence: number): Promise<void> {
    const { lines, report, explained } = this.#parts;
    for (let stored = await lines.peek(); stored !== undefined && stored.sequence < sequence; ) {
      const isLeftOver = explained.covers(stored.sequence, stored.sequence, 'dropped');
      const detail = isLeftOver
        ? 'the range was dropped, and its links with it'
        : 'no link accounts for the line';
      report.report('added', { first: stored.sequence, eventId: eventIdOf(stored.line) }, detail);
      lines.skip();
      stored = await lines.peek();
    }
  }

  async #checkEvents(link: ChainLink): Promise<void> {
    const { lines, report, explained } = this.#parts;
    await this.#takeUnlinked(link.firstSequence);
    const linkHash = createHash('sha256').update(Buffer.from(link.previousHash, 'hex'));
    const changed: { sequence: number; eventId: string | undefined; isForeign: boolean }[] = [];
    const misfiled: StoredLine[] = [];
    let missingCount = 0;
    let goodCount = 0;
    for (let sequence = link.firstSequence; sequence <= link.lastSequence; sequence++) {
      const stored = await lines.peek();
      if (stored?.sequence !== sequence) {
        missingCount++;
        const reason = explained.reasonOf(sequence);
        if (reason === undefined)
          report.report('removed', { first: sequence }, 'the event is not in the store');
        else report.explained[reason]++;
        continue;
      }
      lines.skip();
      const eventHash = hashOnce('sha256', stored.line, 'hex');
      linkHash.update(eventHash, 'hex');
      const start = (sequence - link.firstSequence) * EVENT_HASH_HEX_LENGTH;
      const expected = link.eventHashes.slice(start, start + EVENT_HASH_HEX_LENGTH);
      const isForeign = decodeJournalLine(stored.line)?.sequence !== sequence;
      const isGood = eventHash.startsWith(expected) && !isForeign;
      if (isGood && stored.changedColumns !== undefined) misfiled.push(stored);
      if (isGood) goodCount++;
      else changed.push({ sequence, eventId: eventIdOf(stored.line), isForeign });
    }
    const isDerived = missingCount === 0 && linkHash.digest('hex') === link.hash;
    const range = { first: link.firstSequence, last: link.lastSequence };
    if (isDerived && changed.length > 0) {
      report.report(
        'brokenLink',
        range,
        "the link's record of single events was changed; the events themselves were not",
      );
    } else {
      for (const { sequence, eventId, isForeign } of changed) {
        const detail = isForeign
          ? 'the line bears another sequence number'
          : 'the line is not the one that was recorded';
        report.report('changed', { first: sequence, eventId }, detail);
      }
    }
    for (const stored of misfiled) this.#reportMisfiled(stored);
    const isWhole = missingCount === 0 && changed.length === 0;
    if (isWhole && !isDerived) {
      report.report('brokenLink', range, 'the hash of the link does not follow from its events');
    } else if (isWhole) {
      report.linksVerified++;
    }
    report.eventsVerified += goodCount;
    if (!isDerived) report.eventsVerifiedByPrefix += goodCount;
  }

  /** The line is the recorded one, but whoever looks for its event is told another or none. */
  #reportMisfiled({ sequence, line, changedColumns = [] }: StoredLine): void {
    const detail = `what it is found by is not what the event says: ${changedColumns.join(', ')}`;
    this.#parts.report.report('changed', { first: sequence, eventId: eventIdOf(line) }, detail);
  }
}

/** Reads stored lines one ahead, and lets through only those that come in order. */
class LineReader {
  readonly #lines: AsyncIterator<StoredLine>;
  readonly #report: ReportBuilder;
  #next: StoredLine | undefined;
  #isAtEnd = false;
  #lastSequence = -1;

  constructor(lines: AsyncIterator<StoredLine>, report: ReportBuilder) {
    this.#lines = lines;
    this.#report = report;
  }

  async peek(): Promise<StoredLine | undefined> {
    while (this.#next === undefined && !this.#isAtEnd) {
      const result = await this.#lines.next();
      if (result.done === true) {
        this.#isAtEnd = true;
      } else if (result.value.sequence <= this.#lastSequence) {
        const { sequence, line } = result.value;
        const isAgain = sequence === this.#lastSequence;
        const detail = isAgain ? 'a second line has this sequence number' : 'the line comes out of order';
        this.#report.report(
          isAgain ? 'added' : 'misplaced',
          { first: sequence, eventId: eventIdOf(line) },
          detail,
        );
      } else {
        this.#next = result.value;
        this.#lastSequence = result.value.sequence;
      }
    }
    return this.#next;
  }

  skip(): void {
    this.#next = undefined;
  }
}

function eventIdOf(line: string): string | undefined {
  const raw = decodeJournalLine(line)?.raw ?? line;
  // "eventID":"01234567-89ab-cdef-0123-456789abcdef"
  return /"eventID":"([^"\\]{1,64})"/.exec(raw)?.[1];
}
