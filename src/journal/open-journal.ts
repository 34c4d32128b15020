import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { Ballast } from './ballast.ts';
import { ChainLog } from './chain-log.ts';
import { lockDirectory } from './directory-lock.ts';
import { type Disk, errorCode, realDisk, writeDurably } from './disk.ts';
import { DiskJournal } from './disk-journal.ts';
import { GroupCommit } from './group-commit.ts';
import { openHeadKey } from './head-key.ts';
import { HeadLog } from './head-log.ts';
import { IntentTable, intentOf } from './intent-table.ts';
import type { RecoveryFinding } from './journal.ts';
import { type JournalFolders, type Recovery, recoverSegments } from './recover.ts';
import { SegmentShelf } from './segment-shelf.ts';
import { endOf } from './segment-writer.ts';
import { createJournalMetrics } from './telemetry.ts';

const SEGMENT_EVENTS_MAX = 20_000;
const SEGMENT_BYTES_MAX = 64 << 20;
/** More does not raise the throughput, and every event of a batch waits for its last. */
const BATCH_BYTES_MAX = 3 << 19;
const QUEUE_BYTES_MAX = 64 << 20;
/** The largest event (256 KB) with its meta. */
const INTENT_RESERVE_BYTES = 272 << 10;
const BALLAST_BYTES_MAX = 256 << 20;
/** The links of the largest segment, if every event was a batch of its own. */
const BALLAST_BYTES_MIN = 8 << 20;
const HEAD_INTERVAL_MS = 60_000;

export interface JournalOptions {
  /** Made when it does not exist; for this process alone. */
  readonly directory: string;
  /** Segments that are not yet stored may take so much; further appends are refused. */
  readonly sizeBytesMax: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** A segment is sealed when it holds so many events: one block of the engine. Default 20,000. */
  readonly segmentEventsMax?: number;
  /** And when it is so large. Default 64 MiB. */
  readonly segmentBytesMax?: number;
  /** Appends that share one fsync together; a single larger append still goes as one. Default 1.5 MiB. */
  readonly batchBytesMax?: number;
  /** Appends that wait in memory; beyond it they are refused. Default 64 MiB. */
  readonly queueBytesMax?: number;
  /** Room for the outcome of one intent. Default 272 KiB. */
  readonly intentReserveBytes?: number;
  /** Bounds how many intents can be open at once, by their reserved room on disk. Default 256 MiB. */
  readonly ballastBytesMax?: number;
  /** Room on disk that is always held, for the links of segments that are to be deleted. Default 8 MiB. */
  readonly ballastBytesMin?: number;
  /** How often the head of the chain is signed when it has moved. Default one minute. */
  readonly headIntervalMs?: number;
  /** The file system; tests give one that fails. */
  readonly disk?: Disk;
}

/**
 * Opens the journal in a directory, makes it if there is none, and recovers what a crash has left: see
 * `findings` and `orphanedIntents` of what is returned.
 *
 * Rejects with a `DependencyError` when another process has the directory.
 */
export async function openJournal(options: JournalOptions): Promise<DiskJournal> {
  const { directory } = options;
  const folders = {
    segments: join(directory, 'segments'),
    chain: join(directory, 'chain'),
    setAside: join(directory, 'set-aside'),
  };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(directory);
  try {
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
    return await openLocked({ ...options, folders, lock });
  } catch (error) {
    lock.release();
    throw error;
  }
}

type LockedOptions = JournalOptions & { folders: JournalFolders; lock: { release(): void } };

async function openLocked(options: LockedOptions): Promise<DiskJournal> {
  const { directory, folders, clock, random, log, sizeBytesMax, disk = realDisk } = options;
  const journalId = await openIdentity(disk, directory, random);
  const key = await openHeadKey(disk, {
    directory,
    random,
    mayCreate: !(await HeadLog.exists(disk, folders.chain)),
  });
  const chain = await ChainLog.open(disk, folders.chain);
  const heads = await HeadLog.open(disk, folders.chain, key.privateKey);
  const released = chain.last;
  const recovery = await recoverSegments({ disk, folders, journalId, released });
  const { position, behindHead } = continueAfter(recovery, heads);
  const findings = [...chain.findings, ...recovery.findings, ...behindHead];
  const metrics = createJournalMetrics(options.metrics);
  reportFindings(findings, log);
  const shelf = new SegmentShelf({ journalId, disk, clock });
  for (const record of recovery.segments) shelf.add(record);
  metrics.setAside.add(recovery.segments.reduce((sum, { setAside }) => sum + setAside.length, 0));
  await observeLinks({ chain, heads, recovery });
  const intentReserveBytes = options.intentReserveBytes ?? INTENT_RESERVE_BYTES;
  const intents = new IntentTable(intentReserveBytes);
  restoreIntents(intents, recovery, folders.segments);
  const ballast = await openBallast(options, { disk, intents });
  const lastRecord = recovery.segments.at(-1);
  const limits = {
    sizeBytesMax,
    segmentEventsMax: options.segmentEventsMax ?? SEGMENT_EVENTS_MAX,
    segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
    intentReserveBytes,
  };
  const shared = { ...limits, disk, clock, log, metrics, ballast, intents };
  const commit = new GroupCommit({
    ...shared,
    directory: folders.segments,
    batchBytesMax: options.batchBytesMax ?? BATCH_BYTES_MAX,
    queueBytesMax: options.queueBytesMax ?? QUEUE_BYTES_MAX,
    position,
    nextFileNumber: recovery.nextFileNumber,
    previous: lastRecord === undefined ? undefined : endOf(lastRecord),
    sealedBytes: () => shelf.sizeBytes,
    onSealed: (record) => shelf.add(record),
    onCommitted: (link) => {
      if (link === undefined) return;
      heads.observe(link);
      shelf.notify();
    },
  });
  log.info('journal.opened', {
    journalId,
    sequence: position.sequence,
    segmentsCount: shelf.count,
    openIntentsCount: intents.count,
  });
  return await DiskJournal.start({
    ...shared,
    journalId,
    commit,
    shelf,
    chain,
    heads,
    lock: options.lock,
    publicKeyPem: key.publicKeyPem,
    findings,
    headIntervalMs: options.headIntervalMs ?? HEAD_INTERVAL_MS,
    storedSequence: released?.lastSequence ?? 0,
  });
}

async function openBallast(options: JournalOptions, parts: { disk: Disk; intents: IntentTable }) {
  const ballast = await Ballast.open({
    disk: parts.disk,
    directory: options.directory,
    random: options.random,
    sizeBytesMax: options.ballastBytesMax ?? BALLAST_BYTES_MAX,
    sizeBytesMin: options.ballastBytesMin ?? BALLAST_BYTES_MIN,
  });
  await ballast.hold(parts.intents.reservedBytes).catch((error: unknown) => {
    options.log.warn('journal.ballast.missing', { code: errorCode(error) });
  });
  return ballast;
}

async function openIdentity(disk: Disk, directory: string, random: Random): Promise<string> {
  const path = join(directory, 'journal.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    const journalId = random.uuid();
    const bytes = Buffer.from(`${JSON.stringify({ version: 1, journalId })}\n`);
    await writeDurably(disk, { directory, name: 'journal.json', bytes });
    return journalId;
  }
  const identity = JSON.parse(text) as { version: number; journalId: string };
  if (identity.version !== 1) {
    throw new DependencyError({
      dependency: 'journal',
      operation: 'open',
      isRetryable: false,
      reason: `${path} has version ${identity.version}, which this program does not know; use a newer one`,
    });
  }
  return identity.journalId;
}

/**
 * Sequence numbers are never used twice: a signed head says up to where they were, even if the segments are
 * gone.
 */
function continueAfter(recovery: Recovery, heads: HeadLog) {
  const { position } = recovery;
  const signed = heads.last;
  if (signed === undefined || signed.sequence <= position.sequence) return { position, behindHead: [] };
  const lost: RecoveryFinding = {
    kind: 'lost',
    segment: '',
    offsetBytes: 0,
    reason: 'a signed head vouches for events that no segment holds and that were not released',
    firstSequence: position.sequence + 1,
    lastSequence: signed.sequence,
  };
  const continued = { ...position, sequence: signed.sequence, hash: signed.hash };
  return { position: continued, behindHead: [lost] };
}

function reportFindings(findings: readonly RecoveryFinding[], log: Log): void {
  for (const finding of findings) {
    if (finding.kind === 'tornTail') log.warn('journal.tail.cut', { ...finding });
    else log.error('journal.damage', { ...finding });
  }
}

/** Gives the links behind the last signed head to the log of heads, wherever they are kept. */
async function observeLinks(options: { chain: ChainLog; heads: HeadLog; recovery: Recovery }): Promise<void> {
  const { chain, heads, recovery } = options;
  const first = (heads.last?.sequence ?? 0) + 1;
  const released = chain.last?.lastSequence ?? 0;
  for await (const link of chain.read(first, Number.MAX_SAFE_INTEGER)) heads.observe(link);
  for (const link of recovery.links) if (link.lastSequence > released) heads.observe(link);
}

function restoreIntents(intents: IntentTable, recovery: Recovery, directory: string): void {
  const closed = new Set<string>();
  for (const { step, segment } of recovery.intents) {
    if (step.kind === 'closed') {
      intents.close(step.intentId);
      closed.add(step.intentId);
    } else if (!closed.has(step.intentId)) {
      intents.open(intentOf(step), join(directory, segment));
    }
  }
}
