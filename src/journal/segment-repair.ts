import { crc32 } from 'node:zlib';
import type { DamagedLine, FoundBatch } from './found-batch.ts';
import { encodeFrame, type SegmentHeader } from './frame.ts';
import type { SegmentScan } from './segment-scan.ts';

/** Bytes that could not be trusted, kept so that someone can look at them. */
export interface KeptBytes {
  /** Name of the file in `set-aside/`; the same bytes at the same place get the same name. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** The bytes of the damaged lines of a scan, each place once. */
export function keptBytesOf(segment: string, bytes: Buffer, scan: SegmentScan): KeptBytes[] {
  const places = new Map<number, DamagedLine>();
  for (const batch of scan.batches) for (const line of batch.damaged) places.set(line.offset, line);
  return [...places.values()].map((line) =>
    keepBytes(segment, line.offset, bytes.subarray(line.offset, line.end)),
  );
}

export function keepBytes(segment: string, offset: number, bytes: Buffer): KeptBytes {
  const mark = crc32(bytes).toString(16).padStart(8, '0');
  return { name: `${segment.replace(/\.ndjson$/, '')}-${offset}-${mark}.bin`, bytes };
}

/**
 * The segment as it is to be read from here on: every damaged line replaced by a frame that says what is
 * missing, every trailer and line break mended, the torn tail left out. The chain of hashes stays what it
 * was.
 */
export function repairSegment(bytes: Buffer, scan: SegmentScan, header: SegmentHeader): Buffer {
  const parts: Buffer[] = [toLine(encodeFrame({ kind: 'journal', body: scan.header ?? header }))];
  for (const batch of scan.batches) parts.push(...repairBatch(bytes, batch));
  return Buffer.concat(parts);
}

function repairBatch(bytes: Buffer, { trailer, lines, damaged }: FoundBatch): Buffer[] {
  const pieces = [
    ...lines.map(({ offset, end, sequence }) => ({
      order: sequence ?? 0,
      isEvent: sequence !== undefined,
      line: Buffer.concat([bytes.subarray(offset, end), Buffer.from('\n')]),
    })),
    ...damaged.map(({ sequence, offset, reason }) => ({
      order: sequence,
      isEvent: false,
      line: toLine(encodeFrame({ kind: 'setAside', body: { sequence, offsetBytes: offset, reason } })),
    })),
  ];
  // Intents that were closed in the same batch still come before their outcomes, because they are sorted
  // first.
  pieces.sort((a, b) => a.order - b.order);
  const setAside = new Set([...trailer.setAside, ...damaged.map(({ sequence }) => sequence)]);
  const body = {
    first: trailer.first,
    last: trailer.last,
    previousHash: trailer.previousHash,
    hash: trailer.hash,
    sizes: pieces.map(({ line, isEvent }) => (isEvent ? line.length : -line.length)),
    setAside: [...setAside].sort((a, b) => a - b),
    eventHashes: trailer.eventHashes,
  };
  return [...pieces.map(({ line }) => line), toLine(encodeFrame({ kind: 'batch', body }))];
}

function toLine(text: string): Buffer {
  return Buffer.from(`${text}\n`);
}
