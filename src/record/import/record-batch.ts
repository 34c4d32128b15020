import { KEY_WORDS, writeEventKey } from './event-key.ts';

/** Of each record of a batch what tells whether it is stored already; nothing in it is an object of its own. */
export interface RecordIds {
  /** `KEY_WORDS` words each, as `writeEventKey` gives them. */
  readonly keys: Uint32Array;
  /** Milliseconds since 1970 UTC. */
  readonly eventTimesMs: Float64Array;
  /** The event ids one after the other, and where each ends. */
  readonly eventIdsText: string;
  readonly eventIdEnds: Uint32Array;
  /** SHA-256 of each record's bytes one after the other, 64 lower-case hex digits each. */
  readonly sha256sText: string;
}

/**
 * Checked records of one import body, as the reading thread hands them to the one that stores them: columns instead of
 * objects, so that they cross as a few blocks of memory.
 */
export interface RecordBatch extends RecordIds {
  /** Meta and exact bytes of each record in turn; valid until the next batch is asked for. */
  readonly bytes: Buffer<ArrayBuffer>;
  /**
   * Where the meta of each record ends in `bytes`, and where the record does. Meta is as `encodeMeta` gives it, with
   * `NO_SOURCE_OBJECT` in the place of the source object.
   */
  readonly metaEnds: Uint32Array;
  readonly ends: Uint32Array;
  /** What stands between the records, in order. */
  readonly marks: readonly Mark[];
}

/** As long as the id of a source object, which is known only where records are stored. */
export const NO_SOURCE_OBJECT = '00000000-0000-0000-0000-000000000000';
/** The source object is the last member of meta: `…,"s":"…"}`. */
const AFTER_SOURCE_OBJECT = '"}'.length;

export function countOf({ ends }: RecordBatch): number {
  return ends.length;
}

export function eventIdAt({ eventIdsText, eventIdEnds }: RecordIds, at: number): string {
  return eventIdsText.slice(at === 0 ? 0 : eventIdEnds[at - 1], eventIdEnds[at]);
}

export function sha256At({ sha256sText }: RecordIds, at: number): string {
  return sha256sText.slice(at * 64, at * 64 + 64);
}

/** The record's exact bytes. */
export function rawAt({ bytes, metaEnds, ends }: RecordBatch, at: number): Uint8Array {
  return bytes.subarray(metaEnds[at], ends[at]);
}

export function metaAt({ bytes, metaEnds, ends }: RecordBatch, at: number): Uint8Array {
  return bytes.subarray(at === 0 ? 0 : ends[at - 1], metaEnds[at]);
}

/** Puts the ASCII of an id into the meta of a record. */
export function setSourceObject({ bytes, metaEnds }: RecordBatch, at: number, id: Uint8Array): void {
  bytes.set(id, (metaEnds[at] ?? 0) - AFTER_SOURCE_OBJECT - NO_SOURCE_OBJECT.length);
}

/** Something in a body that is not a record; it stands before the record of the batch with the number `at`. */
export type Mark = { readonly at: number } & (
  | { readonly kind: 'begin'; readonly uri: string; readonly sha256: string; readonly firstIndex: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'end'; readonly isPartial: boolean; readonly isDigest: boolean }
);

export type NewMark = Mark extends infer M ? (M extends Mark ? Omit<M, 'at'> : never) : never;

/** A batch is one append and one transaction; larger ones delay live events behind them. */
const BATCH_BYTES = 1 << 20;
/** Small records and refusals are bounded by their number. */
const BATCH_ITEMS = 4_000;
/** Room for the piece of a file that makes it full. */
const SPARE_BYTES = 1 << 19;

/** A UTF-16 unit becomes at most three bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT = 3;

export interface BatchRecord {
  readonly bytes: Uint8Array;
  readonly eventId: string;
  readonly eventTimeMs: number;
  readonly sha256: string;
  /** With `NO_SOURCE_OBJECT`. */
  readonly metaJson: string;
}

/** Gathers records and marks into batches. */
export class BatchBuilder {
  #bytes = newBytes(BATCH_BYTES + SPARE_BYTES);
  #spare: Buffer<ArrayBuffer> | undefined;
  #length = 0;
  #count = 0;
  #columns = newColumns(BATCH_ITEMS);
  #eventIdsText = '';
  #sha256sText = '';
  #marks: Mark[] = [];

  get isFull(): boolean {
    return this.#length >= BATCH_BYTES || this.#itemsCount >= BATCH_ITEMS;
  }

  get isEmpty(): boolean {
    return this.#itemsCount === 0;
  }

  get #itemsCount(): number {
    return this.#count + this.#marks.length;
  }

  add({ bytes, eventId, eventTimeMs, sha256, metaJson }: BatchRecord): void {
    this.#reserve(metaJson.length * UTF8_BYTES_PER_UNIT + bytes.length);
    const at = this.#count++;
    const { keys, eventTimesMs, eventIdEnds, metaEnds, ends } = this.#columns;
    const metaEnd = this.#length + this.#bytes.write(metaJson, this.#length, 'utf8');
    this.#bytes.set(bytes, metaEnd);
    this.#length = metaEnd + bytes.length;
    this.#eventIdsText += eventId;
    this.#sha256sText += sha256;
    writeEventKey(eventId, keys, at * KEY_WORDS);
    eventTimesMs[at] = eventTimeMs;
    eventIdEnds[at] = this.#eventIdsText.length;
    metaEnds[at] = metaEnd;
    ends[at] = this.#length;
  }

  mark(mark: NewMark): void {
    this.#marks.push({ ...mark, at: this.#count });
  }

  /** Takes back the memory of a batch that nobody reads any more. */
  giveBack(memory: ArrayBuffer): void {
    if (memory.byteLength === BATCH_BYTES + SPARE_BYTES) this.#spare = Buffer.from(memory);
  }

  /** What was gathered; the builder is empty then. */
  take(): RecordBatch {
    const count = this.#count;
    const { keys, eventTimesMs, eventIdEnds, metaEnds, ends } = this.#columns;
    const batch = {
      bytes: this.#bytes.subarray(0, this.#length),
      keys: keys.slice(0, count * KEY_WORDS),
      eventTimesMs: eventTimesMs.slice(0, count),
      eventIdsText: this.#eventIdsText,
      eventIdEnds: eventIdEnds.slice(0, count),
      sha256sText: this.#sha256sText,
      metaEnds: metaEnds.slice(0, count),
      ends: ends.slice(0, count),
      marks: this.#marks,
    };
    this.#bytes = this.#spare ?? newBytes(BATCH_BYTES + SPARE_BYTES);
    this.#spare = undefined;
    this.#length = 0;
    this.#count = 0;
    this.#eventIdsText = '';
    this.#sha256sText = '';
    this.#marks = [];
    return batch;
  }

  #reserve(bytesCount: number) {
    const end = this.#length + bytesCount;
    if (end > this.#bytes.length) {
      const larger = newBytes(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    const capacity = this.#columns.ends.length;
    if (this.#count === capacity) this.#columns = newColumns(capacity * 2, this.#columns);
  }
}

function newBytes(sizeBytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(sizeBytes));
}

interface Columns {
  readonly keys: Uint32Array;
  readonly eventTimesMs: Float64Array;
  readonly eventIdEnds: Uint32Array;
  readonly metaEnds: Uint32Array;
  readonly ends: Uint32Array;
}

function newColumns(capacity: number, old?: Columns): Columns {
  const columns = {
    keys: new Uint32Array(capacity * KEY_WORDS),
    eventTimesMs: new Float64Array(capacity),
    eventIdEnds: new Uint32Array(capacity),
    metaEnds: new Uint32Array(capacity),
    ends: new Uint32Array(capacity),
  };
  if (old === undefined) return columns;
  columns.keys.set(old.keys);
  columns.eventTimesMs.set(old.eventTimesMs);
  columns.eventIdEnds.set(old.eventIdEnds);
  columns.metaEnds.set(old.metaEnds);
  columns.ends.set(old.ends);
  return columns;
}
