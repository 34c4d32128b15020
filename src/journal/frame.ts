import { crc32 } from 'node:zlib';

/**
 * A line of a segment that is not an event:
 *
 *     #<kind> SPACE <compact JSON> SPACE <CRC-32 of all before the last space, 8 hex digits>
 *
 * The text `#batch {"first":` cannot occur inside an event, because JSON escapes the quote: a trailer is
 * found again even when the line break before it was damaged.
 */
export type Frame =
  | { readonly kind: 'journal'; readonly body: SegmentHeader }
  | { readonly kind: 'batch'; readonly body: BatchTrailer }
  | { readonly kind: 'intent'; readonly body: IntentFrame }
  | { readonly kind: 'cancel'; readonly body: { readonly intentId: string } }
  | { readonly kind: 'setAside'; readonly body: SetAsideFrame };

/** The first line of every segment. */
export interface SegmentHeader {
  readonly version: 1;
  readonly journalId: string;
  readonly firstSequence: number;
  readonly previousHash: string;
  /**
   * How much of the segment before this one counts: what a failed write left behind it was refused, and is
   * cut.
   */
  readonly previousSegment: { readonly name: string; readonly sizeBytes: number } | null;
}

/** Ends the batch of one fsync. `last < first` when it holds no event. */
export interface BatchTrailer {
  readonly first: number;
  readonly last: number;
  readonly previousHash: string;
  readonly hash: string;
  /** Bytes of every line of the batch with its LF, in order; negative for frames. */
  readonly sizes: readonly number[];
  /** Sequence numbers whose lines were replaced by frames, because they were damaged. */
  readonly setAside: readonly number[];
  /** As in `ChainLink`. Stands last, so that the end of the JSON is found without a line break. */
  readonly eventHashes: string;
}

export interface IntentFrame {
  readonly intentId: string;
  readonly meta: string;
  readonly raw: string;
}

/** Stands where a damaged event was; `offsetBytes` is where it began in the segment as it was found. */
export interface SetAsideFrame {
  readonly sequence: number;
  readonly offsetBytes: number;
  readonly reason: string;
}

export const TRAILER_MARK = '#batch {"first":';
const TRAILER_END = '"} ';
const CRC_LENGTH = 8;

export function encodeFrame(frame: Frame): string {
  const text = `#${frame.kind} ${JSON.stringify(frame.body)}`;
  return `${text} ${checksum(text)}`;
}

/** Returns undefined unless the checksum holds. */
export function decodeFrame(line: string): Frame | undefined {
  const end = line.length - CRC_LENGTH - 1;
  const space = line.indexOf(' ');
  if (!line.startsWith('#') || space < 0 || space >= end || line[end] !== ' ') return undefined;
  const text = line.slice(0, end);
  if (checksum(text) !== line.slice(end + 1)) return undefined;
  return { kind: line.slice(1, space), body: JSON.parse(line.slice(space + 1, end)) } as Frame;
}

/**
 * A trailer whose mark stands at `offset`, with where it ends (before its LF); undefined unless its
 * checksum holds.
 */
export function decodeTrailerAt(
  bytes: Buffer,
  offset: number,
): { trailer: BatchTrailer; endOffset: number } | undefined {
  const jsonEnd = bytes.indexOf(TRAILER_END, offset, 'latin1');
  if (jsonEnd < 0) return undefined;
  const endOffset = jsonEnd + TRAILER_END.length + CRC_LENGTH;
  if (endOffset > bytes.length) return undefined;
  const frame = decodeFrame(bytes.toString('latin1', offset, endOffset));
  return frame?.kind === 'batch' ? { trailer: frame.body, endOffset } : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CRC_LENGTH, '0');
}
