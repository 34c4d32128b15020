import { basename } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { ChainLink } from '../model/chain.ts';
import { type Disk, ignoreMissing } from './disk.ts';
import type { SegmentRecord } from './segment-record.ts';
import { linksOf, scanSegment } from './segment-scan.ts';
import { cutFile } from './segment-writer.ts';

/**
 * Links of so many events are kept in memory (16 bytes each); those of a longer backlog are read from the
 * files again.
 */
const LINKED_EVENTS_MAX = 500_000;

/** The sealed segments that are on disk, in order, and who waits for the next one. */
export class SegmentShelf {
  readonly #journalId: string;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #records: SegmentRecord[] = [];
  readonly #waiters = new Set<() => void>();
  #sizeBytes = 0;
  #linkedEvents = 0;

  constructor(options: { journalId: string; disk: Disk; clock: Clock }) {
    this.#journalId = options.journalId;
    this.#disk = options.disk;
    this.#clock = options.clock;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get count(): number {
    return this.#records.length;
  }

  add(record: SegmentRecord): void {
    const events = eventsOf(record);
    if (this.#linkedEvents + events > LINKED_EVENTS_MAX) record.links = undefined;
    else this.#linkedEvents += events;
    this.#records.push(record);
    this.#sizeBytes += record.sizeBytes;
    this.notify();
  }

  find(path: string): SegmentRecord | undefined {
    return this.#records.find((record) => record.path === path);
  }

  get first(): SegmentRecord | undefined {
    return this.#records[0];
  }

  nextToTake(): SegmentRecord | undefined {
    return this.#records.find((record) => !record.isTaken && eventsOf(record) > 0);
  }

  /** Deletes the oldest segment. */
  async remove(record: SegmentRecord): Promise<void> {
    await this.#disk.unlink(record.path).catch(ignoreMissing);
    this.#records.shift();
    this.#sizeBytes -= record.sizeBytes;
    if (record.links !== undefined) this.#linkedEvents -= eventsOf(record);
  }

  /** Returns whether nothing stands behind the part of the file that counts any more. */
  async cutTail(record: SegmentRecord): Promise<boolean> {
    try {
      await cutFile(this.#disk, record.path, record.sizeBytes);
      record.hasUncertainTail = false;
    } catch {
      return false;
    }
    return true;
  }

  async linksOf(record: SegmentRecord): Promise<readonly ChainLink[]> {
    if (record.links !== undefined) return record.links;
    const bytes = await this.#disk.read(record.path);
    const from = {
      journalId: this.#journalId,
      sequence: record.firstSequence - 1,
      hash: record.previousHash,
    };
    const scan = scanSegment(bytes.subarray(0, record.sizeBytes), {
      segment: basename(record.path),
      from,
      end: undefined,
    });
    return linksOf(scan);
  }

  /** Links of the segment that holds a sequence number or, if none does, of the one that follows it. */
  async linksAfter(sequence: number): Promise<readonly ChainLink[] | undefined> {
    const record = this.#records.find((one) => one.lastSequence >= sequence && eventsOf(one) > 0);
    return record === undefined ? undefined : await this.linksOf(record);
  }

  notify(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter();
  }

  /** Resolves at the next `notify`, after a time, or when the signal is aborted, whatever comes first. */
  changed(timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : this.#clock.after(timeoutMs, () => done());
      const done = () => {
        timer?.cancel();
        signal.removeEventListener('abort', done);
        this.#waiters.delete(done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener('abort', done);
    });
  }
}

function eventsOf({ firstSequence, lastSequence }: SegmentRecord): number {
  return lastSequence - firstSequence + 1;
}
