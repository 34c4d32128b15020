import { hash as hashOnce } from 'node:crypto';
import { EVENT_HASH_HEX_LENGTH } from '../model/chain.ts';
import { type ChainPosition, deriveLinkHash, shortHashes } from './batch-encoder.ts';
import type { DamagedLine, FoundBatch, FoundLine } from './found-batch.ts';
import { type BatchTrailer, decodeFrame, encodeFrame } from './frame.ts';

const LF = 0x0a;
/**
 * A damaged trailer that differs from the derived one in at most so many bytes is that trailer: it holds
 * the hash of the batch (64 digits), which would differ nearly everywhere if any line were not as it was
 * written.
 */
const DAMAGED_BYTES_MAX = 16;

export interface Region {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** The chain before the region. */
  readonly position: ChainPosition;
  /** The chain after it; undefined at the end of the last segment, where the region may be a torn tail. */
  readonly end: { readonly sequence: number; readonly hash: string } | undefined;
}

export interface HealedBatch {
  readonly batch: FoundBatch;
  readonly trailerOffset: number;
  readonly endOffset: number;
  /** Whether its lines are proven to be those that were written. */
  readonly isProven: boolean;
}

/**
 * Finds the batches in bytes without a valid trailer. A batch whose lines are whole is proven by deriving
 * its trailer again and comparing it with the damaged one. Of what is left, lines are kept whose hash
 * stands in the damaged trailer.
 */
export function healRegion(region: Region): HealedBatch[] {
  const healed: HealedBatch[] = [];
  let { from, position } = region;
  while (from < region.to) {
    const batch = healBatch({ ...region, from, position });
    if (batch === undefined) break;
    healed.push(batch);
    from = batch.endOffset;
    position = { ...position, sequence: batch.batch.trailer.last, hash: batch.batch.trailer.hash };
  }
  if (from < region.to && region.end !== undefined && region.end.sequence > position.sequence) {
    healed.push(salvage({ ...region, from, position, end: region.end }));
  }
  return healed;
}

function healBatch(region: Region): HealedBatch | undefined {
  const { bytes, from, to, position } = region;
  const lines: FoundLine[] = [];
  const hashes: string[] = [];
  let offset = from;
  for (;;) {
    const end = bytes.indexOf(LF, offset);
    if (end < 0 || end >= to) break;
    const sequence = position.sequence + hashes.length + 1;
    if (startsWithSequence(bytes, offset, sequence)) {
      hashes.push(hashOnce('sha256', bytes.subarray(offset, end), 'hex'));
      lines.push({ offset, end, sequence });
    } else if (isInnerFrame(bytes, offset, end)) {
      lines.push({ offset, end, sequence: undefined });
    } else {
      break;
    }
    offset = end + 1;
  }
  const trailer = deriveTrailer(position, lines, hashes);
  const expected = Buffer.from(encodeFrame({ kind: 'batch', body: trailer }));
  const endOffset = Math.min(offset + expected.length + 1, to);
  const found = bytes.subarray(offset, offset + expected.length);
  if (offset + expected.length > to || differingBytes(expected, found) > DAMAGED_BYTES_MAX) return undefined;
  const batch = { trailer, lines, damaged: [], isDamaged: true };
  return { batch, trailerOffset: offset, endOffset, isProven: true };
}

function deriveTrailer(position: ChainPosition, lines: readonly FoundLine[], hashes: readonly string[]) {
  const trailer: BatchTrailer = {
    first: position.sequence + 1,
    last: position.sequence + hashes.length,
    previousHash: position.hash,
    hash: hashes.length === 0 ? position.hash : deriveLinkHash(position.hash, hashes),
    sizes: lines.map(({ offset, end, sequence }) => (sequence === undefined ? -1 : 1) * (end - offset + 1)),
    setAside: [],
    eventHashes: shortHashes(hashes),
  };
  return trailer;
}

/** Makes one batch of what is left, with every sequence number either found or set aside. */
function salvage(region: Region & { readonly end: NonNullable<Region['end']> }): HealedBatch {
  const { bytes, from, to, position, end } = region;
  const text = bytes.toString('latin1', from, to);
  const lines: FoundLine[] = [];
  const damaged: DamagedLine[] = [];
  const shorts: string[] = [];
  for (let sequence = position.sequence + 1; sequence <= end.sequence; sequence++) {
    const at =
      sequence === position.sequence + 1 && startsWithSequence(bytes, from, sequence)
        ? from
        : bytes.indexOf(`\n${sequence}\t`, from, 'latin1') + 1;
    const lineEnd = at === 0 && from > 0 ? -1 : bytes.indexOf(LF, at);
    const short =
      lineEnd < 0 || lineEnd >= to
        ? undefined
        : hashOnce('sha256', bytes.subarray(at, lineEnd), 'hex').slice(0, EVENT_HASH_HEX_LENGTH);
    if (short !== undefined && text.includes(short)) {
      lines.push({ offset: at, end: lineEnd, sequence });
      shorts.push(short);
    } else {
      damaged.push({
        sequence,
        offset: from,
        end: to,
        reason: 'neither the line nor the trailer of its batch is whole',
      });
      shorts.push('0'.repeat(EVENT_HASH_HEX_LENGTH));
    }
  }
  const trailer: BatchTrailer = {
    first: position.sequence + 1,
    last: end.sequence,
    previousHash: position.hash,
    hash: end.hash,
    sizes: [],
    setAside: damaged.map(({ sequence }) => sequence),
    eventHashes: shorts.join(''),
  };
  const batch = { trailer, lines, damaged, isDamaged: true };
  return { batch, trailerOffset: from, endOffset: to, isProven: false };
}

function startsWithSequence(bytes: Buffer, offset: number, sequence: number): boolean {
  const text = `${sequence}\t`;
  return bytes.toString('latin1', offset, offset + text.length) === text;
}

function isInnerFrame(bytes: Buffer, offset: number, end: number): boolean {
  const frame = decodeFrame(bytes.toString('utf8', offset, end));
  return frame !== undefined && frame.kind !== 'batch' && frame.kind !== 'journal';
}

function differingBytes(expected: Buffer, found: Buffer): number {
  let count = 0;
  for (let index = 0; index < expected.length; index++) if (expected[index] !== found[index]) count++;
  return count;
}
