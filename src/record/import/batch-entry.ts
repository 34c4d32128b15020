import type { EncodedMeta, EntryToAppend } from '../../model/recorded-event.ts';
import { metaAt, type RecordBatch, rawAt } from './record-batch.ts';

/**
 * A record of a batch for the journal, and its own meta. Its views of the batch's bytes are made when they are asked for:
 * kept while the disk is waited for, they would grow old by the thousand, and the heap with them.
 */
export class BatchEntry implements EntryToAppend, EncodedMeta {
  readonly origin = 'import';
  readonly #batch: RecordBatch;
  readonly #row: number;

  constructor(batch: RecordBatch, row: number) {
    this.#batch = batch;
    this.#row = row;
  }

  get meta(): EncodedMeta {
    return this;
  }

  get json(): Uint8Array {
    return metaAt(this.#batch, this.#row);
  }

  get raw(): Uint8Array {
    return rawAt(this.#batch, this.#row);
  }
}
