import { hash as hashOnce } from 'node:crypto';
import { type ChainLink, EVENT_HASH_HEX_LENGTH } from '../model/chain.ts';
import { decodeMeta } from '../model/journal-line.ts';
import { type ChainPosition, deriveLinkHash } from './batch-encoder.ts';
import type { DamagedLine, FoundBatch, FoundLine } from './found-batch.ts';
import {
  type BatchTrailer,
  decodeFrame,
  decodeTrailerAt,
  type Frame,
  type SegmentHeader,
  TRAILER_MARK,
} from './frame.ts';
import type { RecoveryFinding } from './journal.ts';
import { healRegion } from './segment-heal.ts';

const LF = 0x0a;
const TAB = 0x09;
/** The short name of `intentId` in the meta of a line (see `encodeMeta`), as it stands in the bytes. */
const INTENT_MARK = '"i":"';

/** What happened to intents, in order. */
export type IntentStep =
  | { readonly kind: 'opened'; readonly intentId: string; readonly meta: string; readonly raw: string }
  | { readonly kind: 'closed'; readonly intentId: string };

export interface SegmentScan {
  /** Undefined when it is damaged. */
  readonly header: SegmentHeader | undefined;
  readonly batches: readonly FoundBatch[];
  readonly findings: readonly RecoveryFinding[];
  readonly intents: readonly IntentStep[];
  readonly setAside: readonly { sequence: number; offsetBytes: number; reason: string }[];
  /** Where the last batch ends; what follows is a torn tail. */
  readonly validBytes: number;
  readonly position: ChainPosition;
}

export interface ScanOptions {
  readonly segment: string;
  /** The chain before this segment. */
  readonly from: ChainPosition;
  /** The chain where the next segment begins; undefined for the last segment, whose tail may be torn. */
  readonly end: { readonly sequence: number; readonly hash: string } | undefined;
}

/**
 * Reads a segment and checks every line against the hashes of its batch.
 *
 * Batches are found by their trailers, which carry the size of each line: a damaged byte, a line break
 * included, costs the line that it is in and no other.
 */
export function scanSegment(bytes: Buffer, options: ScanOptions): SegmentScan {
  const scan = new Scan(bytes, options);
  scan.run();
  return scan;
}

class Scan implements SegmentScan {
  header: SegmentHeader | undefined;
  readonly batches: FoundBatch[] = [];
  readonly findings: RecoveryFinding[] = [];
  readonly intents: IntentStep[] = [];
  readonly setAside: { sequence: number; offsetBytes: number; reason: string }[] = [];
  validBytes = 0;
  position: ChainPosition;
  readonly #bytes: Buffer;
  readonly #options: ScanOptions;

  constructor(bytes: Buffer, options: ScanOptions) {
    this.#bytes = bytes;
    this.#options = options;
    this.position = options.from;
  }

  run(): void {
    this.#readHeader();
    for (;;) {
      const found = this.#nextTrailer(this.validBytes);
      if (found === undefined) break;
      const bodyBytes = found.trailer.sizes.reduce((sum, size) => sum + Math.abs(size), 0);
      const bodyStart = found.offset - bodyBytes;
      const { first, previousHash } = found.trailer;
      if (bodyStart < this.validBytes) {
        this.#report('corruptTrailer', found.offset, 'a trailer claims bytes of the batch before it');
      } else {
        if (bodyStart > this.validBytes) this.#heal(bodyStart, { sequence: first - 1, hash: previousHash });
        this.#checkChain(found.trailer, bodyStart);
        this.#take(found.trailer, { bodyStart, endOffset: found.endOffset });
      }
      this.validBytes = found.endOffset + 1;
    }
    const { length } = this.#bytes;
    if (this.validBytes < length) this.#heal(length, this.#options.end);
    // The last batch counts without its last line break, because nothing is appended behind it any more.
    this.validBytes = Math.min(this.validBytes, length);
    const { end } = this.#options;
    if (end !== undefined && end.sequence > this.position.sequence) {
      this.#reportLost(length, end.sequence, 'the next segment begins later than this one ends');
      this.position = { ...this.position, ...end };
    }
  }

  #readHeader(): void {
    const end = this.#bytes.indexOf(LF);
    const frame = end < 0 ? undefined : decodeFrame(this.#bytes.toString('utf8', 0, end));
    if (frame?.kind === 'journal') {
      this.header = frame.body;
      this.validBytes = end + 1;
      return;
    }
    const trailer = this.#nextTrailer(0);
    if (trailer === undefined) return;
    const bodyBytes = trailer.trailer.sizes.reduce((sum, size) => sum + Math.abs(size), 0);
    if (trailer.trailer.first === this.position.sequence + 1) this.validBytes = trailer.offset - bodyBytes;
    this.#report('corruptHeader', 0, 'the first line is not the header of a segment');
  }

  #nextTrailer(from: number): { trailer: BatchTrailer; offset: number; endOffset: number } | undefined {
    let offset = this.#bytes.indexOf(TRAILER_MARK, from, 'latin1');
    while (offset >= 0) {
      const found = decodeTrailerAt(this.#bytes, offset);
      if (found !== undefined) return { ...found, offset };
      offset = this.#bytes.indexOf(TRAILER_MARK, offset + 1, 'latin1');
    }
    return undefined;
  }

  /** Deals with bytes up to `to` that no valid trailer accounts for. */
  #heal(to: number, end: { readonly sequence: number; readonly hash: string } | undefined): void {
    const region = { bytes: this.#bytes, from: this.validBytes, to, position: this.position, end };
    for (const healed of healRegion(region)) {
      if (healed.isProven) {
        this.#report('corruptTrailer', healed.trailerOffset, 'the trailer was damaged and is derived again');
      } else {
        const { first, last } = healed.batch.trailer;
        const reason = 'both a trailer and lines of its batch are damaged';
        this.#report('corruptTrailer', healed.trailerOffset, reason, { first, last });
      }
      this.#keep(healed.batch);
      this.validBytes = healed.endOffset;
    }
  }

  #checkChain(trailer: BatchTrailer, offset: number): void {
    if (trailer.first > this.position.sequence + 1) {
      this.#reportLost(offset, trailer.first - 1, 'sequence numbers are missing before this batch');
    } else if (trailer.first < this.position.sequence + 1) {
      this.#report('brokenChain', offset, 'sequence numbers go back', trailer);
    } else if (trailer.previousHash !== this.position.hash) {
      this.#report('brokenChain', offset, 'the batch does not continue the chain', trailer);
    }
  }

  #take(trailer: BatchTrailer, place: { readonly bodyStart: number; readonly endOffset: number }): void {
    const { bodyStart, endOffset } = place;
    const lines: FoundLine[] = [];
    const damaged: DamagedLine[] = [];
    const hashes: string[] = [];
    const missing = new Set(trailer.setAside);
    let sequence = trailer.first - 1;
    let hasBadFrame = false;
    let hasBadBreak = false;
    let offset = bodyStart;
    for (const size of trailer.sizes) {
      const end = offset + Math.abs(size) - 1;
      if (this.#bytes[end] !== LF) hasBadBreak = true;
      if (size < 0) {
        const isGood = this.#isFrame(offset, end);
        if (isGood) lines.push({ offset, end, sequence: undefined });
        else this.#report('corruptFrame', offset, 'a frame was damaged and is left out');
        hasBadFrame ||= !isGood;
      } else {
        do sequence++;
        while (missing.has(sequence));
        const eventHash = hashOnce('sha256', this.#bytes.subarray(offset, end), 'hex');
        hashes.push(eventHash);
        if (eventHash.startsWith(expectedHash(trailer, sequence))) lines.push({ offset, end, sequence });
        else
          damaged.push({
            sequence,
            offset,
            end,
            reason: 'the line does not have the hash that it was written with',
          });
      }
      offset = end + 1;
    }
    // Without the break behind it a trailer swallows the next line. The last one of a file separates nothing.
    if (endOffset < this.#bytes.length - 1 && this.#bytes[endOffset] !== LF) hasBadBreak = true;
    if (hasBadBreak) this.#report('corruptFrame', bodyStart, 'a line break was damaged and is mended');
    const isWhole = damaged.length === 0 && missing.size === 0;
    if (isWhole && deriveLinkHash(trailer.previousHash, hashes) !== trailer.hash && hashes.length > 0) {
      this.#report('brokenChain', bodyStart, 'the hash of the batch is not that of its events', trailer);
    }
    for (const line of damaged) {
      this.#report('corruptEvent', line.offset, line.reason, { first: line.sequence, last: line.sequence });
    }
    this.#keep({ trailer, lines, damaged, isDamaged: damaged.length > 0 || hasBadFrame || hasBadBreak });
  }

  #isFrame(offset: number, end: number): boolean {
    return decodeFrame(this.#bytes.toString('utf8', offset, end)) !== undefined;
  }

  #keep(batch: FoundBatch): void {
    this.batches.push(batch);
    this.position = { ...this.position, sequence: batch.trailer.last, hash: batch.trailer.hash };
    for (const { sequence, offset, reason } of batch.damaged) {
      this.setAside.push({ sequence, offsetBytes: offset, reason });
    }
    for (const line of batch.lines) {
      if (line.sequence === undefined) this.#readFrame(line);
      else this.#readOutcome(line);
    }
  }

  #readFrame({ offset, end }: FoundLine): void {
    const frame: Frame | undefined = decodeFrame(this.#bytes.toString('utf8', offset, end));
    if (frame?.kind === 'intent') this.intents.push({ kind: 'opened', ...frame.body });
    if (frame?.kind === 'cancel') this.intents.push({ kind: 'closed', intentId: frame.body.intentId });
    if (frame?.kind === 'setAside') this.setAside.push(frame.body);
  }

  #readOutcome({ offset, end }: FoundLine): void {
    const metaStart = this.#bytes.indexOf(TAB, offset) + 1;
    const metaEnd = this.#bytes.indexOf(TAB, metaStart);
    if (metaStart < 1 || metaEnd < 0 || metaEnd > end) return;
    const metaJson = this.#bytes.toString('utf8', metaStart, metaEnd);
    if (!metaJson.includes(INTENT_MARK)) return;
    const { intentId } = decodeMeta(metaJson);
    if (intentId !== undefined) this.intents.push({ kind: 'closed', intentId });
  }

  #reportLost(offset: number, last: number, reason: string): void {
    this.#report('lost', offset, reason, { first: this.position.sequence + 1, last });
  }

  #report(
    kind: RecoveryFinding['kind'],
    offsetBytes: number,
    reason: string,
    range?: { readonly first: number; readonly last: number },
  ): void {
    const sequences = range === undefined ? {} : { firstSequence: range.first, lastSequence: range.last };
    this.findings.push({ kind, segment: this.#options.segment, offsetBytes, reason, ...sequences });
  }
}

function expectedHash(trailer: BatchTrailer, sequence: number): string {
  const start = (sequence - trailer.first) * EVENT_HASH_HEX_LENGTH;
  const expected = trailer.eventHashes.slice(start, start + EVENT_HASH_HEX_LENGTH);
  // An empty text would be the beginning of every hash.
  return expected.length === EVENT_HASH_HEX_LENGTH ? expected : 'missing';
}

/** The links of a segment's batches that hold events. */
export function linksOf(scan: SegmentScan): ChainLink[] {
  const { journalId } = scan.position;
  return scan.batches
    .filter(({ trailer }) => trailer.last >= trailer.first)
    .map(({ trailer }) => ({
      journalId,
      firstSequence: trailer.first,
      lastSequence: trailer.last,
      previousHash: trailer.previousHash,
      hash: trailer.hash,
      eventHashes: trailer.eventHashes,
    }));
}
