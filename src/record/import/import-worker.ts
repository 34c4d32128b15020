import { type MessagePort, parentPort } from 'node:worker_threads';
import type { RecordSettings } from './check-record.ts';
import { ImportBodyError, readImportBody } from './read-import-body.ts';
import { BatchBuilder, type RecordBatch } from './record-batch.ts';

/** Batches that may wait to be stored, per body. */
const BATCHES_AHEAD = 2;

/** What the storing thread says: a piece of the body, its end, or that it is done with a batch, whose memory it gives back. */
export type ToReader = { readonly piece: Uint8Array } | 'end' | { readonly took: ArrayBuffer };

/** What the reading thread says: records, that it took a piece, its end. */
export type FromReader =
  | { readonly kind: 'batch'; readonly batch: RecordBatch }
  | { readonly kind: 'took' }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly message: string; readonly isBodyWrong: boolean };

export interface ReadRequest {
  readonly port: MessagePort;
  readonly settings: RecordSettings;
}

/** One body: its pieces come in, its batches go out, neither further ahead than was agreed. A closed port ends it. */
class BodyJob {
  readonly #port: MessagePort;
  readonly #builder = new BatchBuilder();
  readonly #pieces: Uint8Array[] = [];
  #isEnded = false;
  #isClosed = false;
  #batchesAhead = 0;
  #wake = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToReader) => {
      if (message === 'end') this.#isEnded = true;
      else if ('took' in message) {
        this.#batchesAhead--;
        this.#builder.giveBack(message.took);
      } else this.#pieces.push(message.piece);
      this.#wake();
    });
    port.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  async run(settings: RecordSettings): Promise<void> {
    try {
      for await (const batch of readImportBody(this.#body(), settings, this.#builder)) {
        while (this.#batchesAhead >= BATCHES_AHEAD && !this.#isClosed) await this.#change();
        if (this.#isClosed) return;
        this.#batchesAhead++;
        this.#post({ kind: 'batch', batch }, [batch.bytes.buffer]);
      }
      this.#post({ kind: 'end' });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#post({ kind: 'failed', message, isBodyWrong: error instanceof ImportBodyError });
    }
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#post({ kind: 'took' });
        yield piece;
      } else if (this.#isEnded || this.#isClosed) return;
      else await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #post(message: FromReader, transfer: ArrayBuffer[] = []) {
    this.#port.postMessage(message, transfer);
  }
}

parentPort?.on('message', ({ port, settings }: ReadRequest) => {
  void new BodyJob(port).run(settings);
});
