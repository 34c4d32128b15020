import { join } from 'node:path';
import { type ChainLink, GENESIS_HASH } from '../model/chain.ts';
import type { ChainPosition } from './batch-encoder.ts';
import { type Disk, writeDurably } from './disk.ts';
import { decodeFrame, type SegmentHeader } from './frame.ts';
import type { RecoveryFinding } from './journal.ts';
import { type SegmentRecord, toSegmentRecord } from './segment-record.ts';
import { keepBytes, keptBytesOf, repairSegment } from './segment-repair.ts';
import { type IntentStep, linksOf, type SegmentScan, scanSegment } from './segment-scan.ts';
import { cutFile } from './segment-writer.ts';

/** Where a journal keeps what. */
export interface JournalFolders {
  readonly segments: string;
  readonly chain: string;
  readonly setAside: string;
}

export interface RecoveryOptions {
  readonly disk: Disk;
  readonly folders: JournalFolders;
  readonly journalId: string;
  /** The last link of the chain log: everything up to it was stored. */
  readonly released: ChainLink | undefined;
}

export interface Recovery {
  readonly segments: readonly SegmentRecord[];
  readonly position: ChainPosition;
  readonly findings: readonly RecoveryFinding[];
  /** What happened to intents, in order, with the segment that it happened in. */
  readonly intents: readonly { readonly step: IntentStep; readonly segment: string }[];
  /** All links of the segments, in order. */
  readonly links: readonly ChainLink[];
  readonly nextFileNumber: number;
}

interface FoundSegment {
  readonly name: string;
  readonly bytes: Buffer;
  /** Size of the file, whatever of it counts. */
  readonly fileBytes: number;
  readonly firstSequence: number;
  readonly header: SegmentHeader | undefined;
}

// 0000000000000001-0.ndjson: the first sequence number, then the number of the file.
const SEGMENT_NAME = /^(\d{16})-(\d+)\.ndjson$/;

/** Reads what a stop or a crash has left, mends it, and says what was not as it had been written. */
export async function recoverSegments(options: RecoveryOptions): Promise<Recovery> {
  const { disk, folders, journalId, released } = options;
  const names = await segmentNames(disk, folders.segments);
  const segments: SegmentRecord[] = [];
  const findings: RecoveryFinding[] = [];
  const intents: { step: IntentStep; segment: string }[] = [];
  const links: ChainLink[] = [];
  let position: ChainPosition = {
    journalId,
    sequence: released?.lastSequence ?? 0,
    hash: released?.hash ?? GENESIS_HASH,
  };
  let next = names[0] === undefined ? undefined : await findSegment(options, names[0]);
  for (let index = 0; next !== undefined; index++) {
    const found = next;
    const nextName = names[index + 1];
    next = nextName === undefined ? undefined : await findSegment(options, nextName);
    const limit = next?.header?.previousSegment;
    const bytes = limit?.name === found.name ? found.bytes.subarray(0, limit.sizeBytes) : found.bytes;
    // A crash between the chain log and the deletion: the segment was stored, and begins where the log does
    // not end.
    const from = startOf({ found, position, isFirst: index === 0 });
    if (index === 0 && from.sequence > position.sequence) {
      findings.push(lost(found.name, position.sequence + 1, from.sequence));
    }
    const end = next === undefined ? undefined : { sequence: next.firstSequence - 1, hash: hashBefore(next) };
    const scan = scanSegment(bytes, { segment: found.name, from, end });
    findings.push(...scan.findings);
    intents.push(...scan.intents.map((step) => ({ step, segment: found.name })));
    const isLast = next === undefined;
    const sizeBytes = await settle(options, { found: { ...found, bytes }, scan, from, isLast, findings });
    position = scan.position;
    if (scan.batches.length === 0) {
      await disk.unlink(join(folders.segments, found.name));
      continue;
    }
    const segmentLinks = linksOf(scan);
    links.push(...segmentLinks);
    segments.push(
      toSegmentRecord({
        scan,
        from,
        sizeBytes,
        links: segmentLinks,
        path: join(folders.segments, found.name),
      }),
    );
  }
  const nextFileNumber = Math.max(-1, ...names.map((name) => Number(SEGMENT_NAME.exec(name)?.[2]))) + 1;
  return { segments, position, findings, intents, links, nextFileNumber };
}

async function segmentNames(disk: Disk, directory: string): Promise<string[]> {
  const names = (await disk.list(directory)).filter((name) => SEGMENT_NAME.test(name));
  const key = (name: string) =>
    name.replace(SEGMENT_NAME, (_, first, attempt) => `${first}${attempt.padStart(9, '0')}`);
  return names.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

async function findSegment(
  { disk, folders, journalId }: RecoveryOptions,
  name: string,
): Promise<FoundSegment> {
  const bytes = await disk.read(join(folders.segments, name));
  const end = bytes.indexOf(0x0a);
  const frame = end < 0 ? undefined : decodeFrame(bytes.toString('utf8', 0, end));
  const header = frame?.kind === 'journal' && frame.body.journalId === journalId ? frame.body : undefined;
  return {
    name,
    bytes,
    fileBytes: bytes.length,
    header,
    firstSequence: Number(SEGMENT_NAME.exec(name)?.[1]),
  };
}

function startOf(options: { found: FoundSegment; position: ChainPosition; isFirst: boolean }): ChainPosition {
  const { found, position, isFirst } = options;
  const isContinued = found.firstSequence === position.sequence + 1;
  if (!isFirst || isContinued) return position;
  return { ...position, sequence: found.firstSequence - 1, hash: hashBefore(found) };
}

function hashBefore({ header }: FoundSegment): string {
  return header?.previousHash ?? '';
}

function lost(segment: string, firstSequence: number, lastSequence: number): RecoveryFinding {
  const reason = 'the segments before this one are missing, and were never released';
  return { kind: 'lost', segment, offsetBytes: 0, reason, firstSequence, lastSequence };
}

/**
 * Keeps what is damaged, cuts what is torn, and writes the segment anew where it has to be. Returns its
 * size.
 */
async function settle(
  options: RecoveryOptions,
  context: {
    found: FoundSegment;
    scan: SegmentScan;
    from: ChainPosition;
    isLast: boolean;
    findings: RecoveryFinding[];
  },
): Promise<number> {
  const { disk, folders, journalId } = options;
  const { found, scan, from, isLast, findings } = context;
  const { name, bytes } = found;
  const kept = keptBytesOf(name, bytes, scan);
  if (scan.validBytes < bytes.length) {
    const tail = bytes.subarray(scan.validBytes);
    const looksWhole = tail.includes('#batch');
    findings.push({
      kind: isLast ? 'tornTail' : 'corruptTrailer',
      segment: name,
      offsetBytes: scan.validBytes,
      reason: `${tail.length} bytes without a valid end were cut${looksWhole ? ' and kept in set-aside' : ''}`,
    });
    // What has a trailer may have been acknowledged; what has none cannot have been.
    if (looksWhole) kept.push(keepBytes(name, scan.validBytes, tail));
  }
  for (const file of kept) await writeDurably(disk, { directory: folders.setAside, ...file });
  const path = join(folders.segments, name);
  if (
    scan.batches.some((batch) => batch.isDamaged) ||
    (scan.header === undefined && scan.batches.length > 0)
  ) {
    const header = {
      version: 1,
      journalId,
      firstSequence: from.sequence + 1,
      previousHash: from.hash,
      previousSegment: null,
    } as const;
    const repaired = repairSegment(bytes, scan, header);
    await writeDurably(disk, { directory: folders.segments, name, bytes: repaired });
    return repaired.length;
  }
  if (scan.validBytes < found.fileBytes) await cutFile(disk, path, scan.validBytes);
  return scan.validBytes;
}
