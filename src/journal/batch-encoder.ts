import { hash as hashOnce } from 'node:crypto';
import { type ChainLink, EVENT_HASH_HEX_LENGTH } from '../model/chain.ts';
import { encodeLineHead } from '../model/journal-line.ts';
import type { EntryToAppend } from '../model/recorded-event.ts';
import { type BatchTrailer, encodeFrame, type Frame } from './frame.ts';

/** Holds a usual batch; larger ones get a buffer of their own, which is not kept. */
const BUFFER_BYTES = 4 << 20;
/** A UTF-16 unit becomes at most three bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT = 3;
const LF = 0x0a;
/** Bytes of a trailer beside what each event adds to it; generous. */
const TRAILER_BASE_BYTES = 320;
const TRAILER_EVENT_BYTES = EVENT_HASH_HEX_LENGTH + 9;

/** Where the chain stands before a batch. */
export interface ChainPosition {
  readonly journalId: string;
  /** 0 before the first event. */
  readonly sequence: number;
  readonly hash: string;
}

/** A point of a batch that it can be cut back to. */
export interface BatchMark {
  readonly offset: number;
  readonly linesCount: number;
  readonly eventsCount: number;
}

export interface EncodedBatch {
  /** Valid until the next `start`. */
  readonly bytes: Buffer;
  /** Undefined when the batch holds frames only. */
  readonly link: ChainLink | undefined;
  readonly position: ChainPosition;
  readonly eventsCount: number;
}

/**
 * Lays out one batch in a buffer: lines, then the trailer. Each line is encoded once and hashed where it
 * lies, because these two are most of what an event costs on the main thread.
 */
export class BatchEncoder {
  readonly #kept = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #buffer = this.#kept;
  #offset = 0;
  #sizes: number[] = [];
  #hashes: string[] = [];
  #from: ChainPosition = { journalId: '', sequence: 0, hash: '' };

  start(from: ChainPosition): void {
    this.#buffer = this.#kept;
    this.#offset = 0;
    this.#sizes = [];
    this.#hashes = [];
    this.#from = from;
  }

  get eventsCount(): number {
    return this.#hashes.length;
  }

  get isEmpty(): boolean {
    return this.#sizes.length === 0;
  }

  /** The size that the batch would have if it ended here; never less than what it gets. */
  get sizeBytes(): number {
    return this.#offset + TRAILER_BASE_BYTES + this.#sizes.length * TRAILER_EVENT_BYTES;
  }

  mark(): BatchMark {
    return { offset: this.#offset, linesCount: this.#sizes.length, eventsCount: this.#hashes.length };
  }

  /** Takes back everything after a mark. */
  cutBack(mark: BatchMark): void {
    this.#offset = mark.offset;
    this.#sizes.length = mark.linesCount;
    this.#hashes.length = mark.eventsCount;
  }

  addEvent(entry: EntryToAppend): void {
    const sequence = this.#from.sequence + this.#hashes.length + 1;
    const start = this.#offset;
    if ('json' in entry.meta) {
      this.#write(`${sequence}\t`);
      this.#write(entry.meta.json);
      this.#write('\t');
    } else {
      this.#write(encodeLineHead(sequence, entry.meta));
    }
    this.#write(entry.raw);
    const end = this.#endLine();
    this.#hashes.push(hashOnce('sha256', this.#buffer.subarray(start, end), 'hex'));
    this.#sizes.push(this.#offset - start);
  }

  addFrame(frame: Frame): void {
    const start = this.#offset;
    this.#write(encodeFrame(frame));
    this.#endLine();
    this.#sizes.push(start - this.#offset);
  }

  finish(): EncodedBatch {
    const { journalId, sequence, hash: previousHash } = this.#from;
    const first = sequence + 1;
    const last = sequence + this.#hashes.length;
    const hash = last < first ? previousHash : deriveLinkHash(previousHash, this.#hashes);
    const eventHashes = shortHashes(this.#hashes);
    const body: BatchTrailer = {
      first,
      last,
      previousHash,
      hash,
      sizes: this.#sizes,
      setAside: [],
      eventHashes,
    };
    this.#write(encodeFrame({ kind: 'batch', body }));
    this.#endLine();
    const link = { journalId, firstSequence: first, lastSequence: last, previousHash, hash, eventHashes };
    return {
      bytes: this.#buffer.subarray(0, this.#offset),
      link: last < first ? undefined : link,
      position: { journalId, sequence: last, hash },
      eventsCount: this.#hashes.length,
    };
  }

  #write(part: string | Uint8Array): void {
    if (typeof part === 'string') {
      this.#reserve(part.length * UTF8_BYTES_PER_UNIT);
      this.#offset += this.#buffer.write(part, this.#offset, 'utf8');
    } else {
      this.#reserve(part.length);
      this.#buffer.set(part, this.#offset);
      this.#offset += part.length;
    }
  }

  /** Returns where the line ends, before its LF. */
  #endLine(): number {
    this.#reserve(1);
    const end = this.#offset;
    this.#buffer[end] = LF;
    this.#offset = end + 1;
    return end;
  }

  #reserve(bytes: number): void {
    if (this.#offset + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#offset + bytes));
    this.#buffer.copy(grown, 0, 0, this.#offset);
    this.#buffer = grown;
  }
}

/** SHA-256 over the previous hash and the event hashes, as bytes. */
export function deriveLinkHash(previousHash: string, eventHashes: readonly string[]): string {
  return hashOnce('sha256', Buffer.from(previousHash + eventHashes.join(''), 'hex'), 'hex');
}

export function shortHashes(eventHashes: readonly string[]): string {
  return eventHashes.map((eventHash) => eventHash.slice(0, EVENT_HASH_HEX_LENGTH)).join('');
}
