/**
 * Checked records of one import body, as the reading thread hands them to the one that stores them: columns instead of
 * objects, so that they cross in one transfer.
 */
export interface RecordBatch {
  /** The records' exact bytes, one after the other; valid until the next batch is asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each record ends in `bytes`. */
  readonly ends: readonly number[];
  readonly eventIds: readonly string[];
  /** Milliseconds since 1970 UTC. */
  readonly eventTimesMs: readonly number[];
  /** SHA-256 of each record's bytes, lower-case hex. */
  readonly sha256s: readonly string[];
  /** `EventMeta` of each record without its source object, as `encodeMeta` gives it. */
  readonly metaJsons: readonly string[];
  /** What stands between the records, in order. */
  readonly marks: readonly Mark[];
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
/** Room for the record that makes it full. */
const SPARE_BYTES = 1 << 18;

export interface BatchRecord {
  readonly bytes: Uint8Array;
  readonly eventId: string;
  readonly eventTimeMs: number;
  readonly sha256: string;
  readonly metaJson: string;
}

/** Gathers records and marks into batches. */
export class BatchBuilder {
  #bytes = newBytes();
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  #columns = emptyColumns();

  get isFull(): boolean {
    return this.#length >= BATCH_BYTES || this.#itemsCount >= BATCH_ITEMS;
  }

  get isEmpty(): boolean {
    return this.#itemsCount === 0;
  }

  get #itemsCount(): number {
    return this.#columns.ends.length + this.#columns.marks.length;
  }

  add({ bytes, eventId, eventTimeMs, sha256, metaJson }: BatchRecord): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
    const { ends, eventIds, eventTimesMs, sha256s, metaJsons } = this.#columns;
    ends.push(end);
    eventIds.push(eventId);
    eventTimesMs.push(eventTimeMs);
    sha256s.push(sha256);
    metaJsons.push(metaJson);
  }

  mark(mark: NewMark): void {
    this.#columns.marks.push({ ...mark, at: this.#columns.ends.length });
  }

  /** Takes back the memory of a batch that nobody reads any more. */
  giveBack(memory: ArrayBuffer): void {
    if (memory.byteLength === BATCH_BYTES + SPARE_BYTES) this.#spare = new Uint8Array(memory);
  }

  /** What was gathered; the builder is empty then. */
  take(): RecordBatch {
    const batch = { bytes: this.#bytes.subarray(0, this.#length), ...this.#columns };
    this.#bytes = this.#spare ?? newBytes();
    this.#spare = undefined;
    this.#length = 0;
    this.#columns = emptyColumns();
    return batch;
  }
}

function newBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BATCH_BYTES + SPARE_BYTES);
}

function emptyColumns() {
  return {
    ends: [] as number[],
    eventIds: [] as string[],
    eventTimesMs: [] as number[],
    sha256s: [] as string[],
    metaJsons: [] as string[],
    marks: [] as Mark[],
  };
}
