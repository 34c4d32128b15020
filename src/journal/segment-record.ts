import { basename } from 'node:path';
import type { ChainLink } from '../model/chain.ts';
import type { ChainPosition } from './batch-encoder.ts';
import type { SealedSegment, SetAside } from './journal.ts';
import type { SegmentScan } from './segment-scan.ts';

/** A segment on disk that nothing is appended to any more. */
export interface SegmentRecord {
  readonly path: string;
  readonly firstSequence: number;
  /** Less than `firstSequence` when it holds frames only. */
  readonly lastSequence: number;
  readonly sizeBytes: number;
  readonly contentHash: string;
  /** The chain before its first batch. */
  readonly previousHash: string;
  readonly setAside: readonly SetAside[];
  /**
   * Undefined when they are to be read from the file again: those of a long backlog are not kept in memory.
   */
  links: readonly ChainLink[] | undefined;
  /**
   * Whether a failed write may have left bytes behind `sizeBytes`, to be cut before anyone reads the file.
   */
  hasUncertainTail: boolean;
  isTaken: boolean;
}

export function toSegmentRecord(options: {
  scan: SegmentScan;
  from: ChainPosition;
  sizeBytes: number;
  path: string;
  links: readonly ChainLink[];
}): SegmentRecord {
  const { scan, from, sizeBytes, path, links } = options;
  const firstSequence = scan.batches[0]?.trailer.first ?? from.sequence + 1;
  const lastSequence = scan.batches.at(-1)?.trailer.last ?? firstSequence - 1;
  const segment = basename(path);
  return {
    path,
    firstSequence,
    lastSequence,
    sizeBytes,
    previousHash: scan.batches[0]?.trailer.previousHash ?? from.hash,
    contentHash: scan.batches.at(-1)?.trailer.hash ?? from.hash,
    setAside: [...scan.setAside.map((entry) => ({ ...entry, segment })), ...gapsOf(scan, segment)].sort(
      (a, b) => a.sequence - b.sequence,
    ),
    links,
    hasUncertainTail: false,
    isTaken: false,
  };
}

/** Sequence numbers between two batches of one segment that neither holds. */
function gapsOf(scan: SegmentScan, segment: string): SetAside[] {
  const gaps: SetAside[] = [];
  let expected = scan.batches[0]?.trailer.first ?? 0;
  for (const { trailer } of scan.batches) {
    for (; expected < trailer.first; expected++) {
      gaps.push({ sequence: expected, segment, offsetBytes: 0, reason: 'no batch of the segment holds it' });
    }
    expected = trailer.last + 1;
  }
  return gaps;
}

export function toSealedSegment(
  journalId: string,
  record: SegmentRecord,
  links: readonly ChainLink[],
): SealedSegment {
  const { path, firstSequence, lastSequence, sizeBytes, contentHash, setAside } = record;
  const eventsCount = lastSequence - firstSequence + 1 - setAside.length;
  return {
    journalId,
    path,
    firstSequence,
    lastSequence,
    eventsCount,
    sizeBytes,
    contentHash,
    links,
    setAside,
  };
}
