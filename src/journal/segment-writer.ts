import { basename, join } from 'node:path';
import type { ChainLink } from '../model/chain.ts';
import type { ChainPosition } from './batch-encoder.ts';
import type { Disk, DiskFile } from './disk.ts';
import { encodeFrame } from './frame.ts';
import type { SegmentRecord } from './segment-record.ts';

/** The end of the segment before, for the header of the next. */
export interface SegmentEnd {
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * Imported events wait for more as long as these come, but at most so many times as long as live ones: the engine takes a
 * small segment, and one of many months even more so, at several times the cost per event.
 */
const IMPORT_WAIT_FACTOR = 10;

/** How long the first live event after a quiet time waits: enough for those of the same moment, and soon visible. */
const QUIET_WAIT_MS = 20;

/** The segment that is appended to. */
export class SegmentWriter {
  readonly path: string;
  readonly from: ChainPosition;
  /** Links of the batches in it, in order. */
  readonly links: ChainLink[] = [];
  /** When events were appended, on the monotonic clock: the first of any origin, the newest, the first live one. */
  #firstEventAt: number | undefined;
  #newestEventAt = Number.POSITIVE_INFINITY;
  #firstLiveEventAt = Number.POSITIVE_INFINITY;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #file: DiskFile;
  #writtenBytes: number;
  #durableBytes = 0;
  #isNameDurable = false;

  private constructor(options: {
    disk: Disk;
    directory: string;
    name: string;
    from: ChainPosition;
    file: DiskFile;
    headerBytes: number;
  }) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.path = join(options.directory, options.name);
    this.from = options.from;
    this.#file = options.file;
    this.#writtenBytes = options.headerBytes;
  }

  noteEvents(nowMs: number, options: { readonly areImported: boolean }): void {
    this.#firstEventAt ??= nowMs;
    this.#newestEventAt = nowMs;
    if (!options.areImported) this.#firstLiveEventAt = Math.min(this.#firstLiveEventAt, nowMs);
  }

  /**
   * When its events have waited long enough for more, on the monotonic clock; undefined while it has none. Segments of live
   * events follow each other no faster than `sealAfterMs`, counted from when the one before it was taken.
   */
  sealDueAt(options: { readonly sealAfterMs: number; readonly lastTakenAt: number }): number | undefined {
    const { sealAfterMs, lastTakenAt } = options;
    if (this.#firstEventAt === undefined) return undefined;
    const quietUntil = this.#firstLiveEventAt + Math.min(sealAfterMs, QUIET_WAIT_MS);
    return Math.min(
      Math.max(quietUntil, lastTakenAt + sealAfterMs),
      this.#firstLiveEventAt + sealAfterMs,
      this.#newestEventAt + sealAfterMs,
      this.#firstEventAt + sealAfterMs * IMPORT_WAIT_FACTOR,
    );
  }

  /** Creates the file and writes its header; neither is durable before the first `append`. */
  static async create(
    disk: Disk,
    options: { directory: string; from: ChainPosition; fileNumber: number; previous: SegmentEnd | undefined },
  ): Promise<SegmentWriter> {
    const { directory, from, fileNumber, previous } = options;
    const name = `${String(from.sequence + 1).padStart(16, '0')}-${fileNumber}.ndjson`;
    const file = await disk.open(join(directory, name), 'create');
    const body = {
      version: 1,
      journalId: from.journalId,
      firstSequence: from.sequence + 1,
      previousHash: from.hash,
      previousSegment: previous ?? null,
    } as const;
    const header = Buffer.from(`${encodeFrame({ kind: 'journal', body })}\n`);
    try {
      await file.write(header, 0);
    } catch (error) {
      await file.close();
      await disk.unlink(join(directory, name));
      throw error;
    }
    return new SegmentWriter({ disk, directory, name, from, file, headerBytes: header.length });
  }

  get sizeBytes(): number {
    return this.#writtenBytes;
  }

  get eventsCount(): number {
    return this.#lastSequence - this.from.sequence;
  }

  get #lastSequence(): number {
    return this.links.at(-1)?.lastSequence ?? this.from.sequence;
  }

  /** Resolves when the bytes and the name of the file are durable. */
  async append(bytes: Buffer): Promise<void> {
    await this.#file.write(bytes, this.#writtenBytes);
    try {
      await this.#sync();
    } catch (cause) {
      throw new SyncFailure(cause);
    }
    this.#writtenBytes += bytes.length;
    this.#durableBytes = this.#writtenBytes;
  }

  /** Makes the header alone durable: proof that the disk takes writes. */
  async proveWritable(): Promise<void> {
    await this.#sync();
    this.#durableBytes = this.#writtenBytes;
  }

  async #sync(): Promise<void> {
    await this.#file.sync();
    if (this.#isNameDurable) return;
    await this.#disk.syncDirectory(this.#directory);
    this.#isNameDurable = true;
  }

  /** Cuts what a failed write left behind; returns whether the file is again exactly what is durable. */
  async cutBack(): Promise<boolean> {
    try {
      await this.#file.truncate(this.#writtenBytes);
      await this.#file.sync();
      return true;
    } catch {
      return false;
    }
  }

  /** Ends the file as it is. */
  async seal(): Promise<SegmentRecord> {
    // Everything in it is durable already: what closing says changes nothing.
    await this.#file.close().catch(() => undefined);
    return this.#toRecord(false);
  }

  /**
   * Ends the file after a failed sync: nothing is appended to it any more, because the kernel may call
   * pages clean that never reached the disk. What follows its durable part is cut through a new handle, and
   * does not count in any case, because the next segment's header says where this one ends.
   */
  async abandon(): Promise<SegmentRecord> {
    await this.#file.close().catch(() => undefined);
    const isCut = await cutFile(this.#disk, this.path, this.#durableBytes).then(
      () => true,
      () => false,
    );
    return this.#toRecord(!isCut);
  }

  #toRecord(hasUncertainTail: boolean): SegmentRecord {
    return {
      path: this.path,
      firstSequence: this.from.sequence + 1,
      lastSequence: this.#lastSequence,
      sizeBytes: this.#durableBytes,
      previousHash: this.from.hash,
      contentHash: this.links.at(-1)?.hash ?? this.from.hash,
      setAside: [],
      links: this.links,
      hasUncertainTail,
      isTaken: false,
    };
  }
}

/** A sync that failed, as opposed to a write: the pages of the file cannot be trusted any more. */
export class SyncFailure extends Error {
  override readonly name = 'SyncFailure';

  constructor(cause: unknown) {
    super('sync failed', { cause });
  }
}

export async function cutFile(disk: Disk, path: string, sizeBytes: number): Promise<void> {
  const file = await disk.open(path, 'write');
  try {
    await file.truncate(sizeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

export function endOf(record: SegmentRecord): SegmentEnd {
  return { name: basename(record.path), sizeBytes: record.sizeBytes };
}
