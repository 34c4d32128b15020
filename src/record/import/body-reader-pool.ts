import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Log } from '../../base/log.ts';
import { ApiError } from '../../model/api-error.ts';
import type { RecordSettings } from './check-record.ts';
import type { FromReader, ReadRequest } from './import-worker.ts';
import type { RecordBatch } from './record-batch.ts';

/** The body crosses to its reader in pieces of this size, at most two ahead. */
const PIECE_BYTES = 256 << 10;
const PIECES_AHEAD = 2;
/** What a reader may take of memory for objects; a record is at most 1 MB, and parsed alone. */
const HEAP_MB_MAX = 128;

/**
 * Reads the bodies of imports on a thread of its own, so that live recording does not wait while megabytes of JSON are
 * inflated, cut and parsed. The thread starts with the first body and ends when it was told to.
 */
export class BodyReaderPool {
  readonly #log: Log;
  #worker: Worker | undefined;
  #readingCount = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * The checked records of a body; nothing is read further ahead than a few megabytes. Throws an
   * `InvalidParameterException` when the body is not as it has to be, a retryable `DependencyError` when the thread dies.
   */
  async *read(body: AsyncIterable<Uint8Array>, settings: RecordSettings): AsyncGenerator<RecordBatch> {
    const { port1, port2 } = new MessageChannel();
    const reading = new Reading(port1);
    this.#readingCount++;
    const worker = this.#start();
    try {
      const request: ReadRequest = { port: port2, settings };
      worker.postMessage(request, [port2]);
      reading.feed(body);
      yield* reading.batches();
    } finally {
      this.#readingCount--;
      // The thread has ended, which its own event may tell only after the next body came.
      if (reading.isClosed && this.#worker === worker) this.#worker = undefined;
      port1.close();
    }
  }

  /** Ends the thread when it has nothing to do; the next body starts another. */
  rest(): void {
    if (this.#readingCount > 0) return;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL('./import-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    // Bodies that are being read hold the process by their ports.
    worker.unref();
    worker.on('error', (error: unknown) => {
      this.#log.error('import.reader.failed', {
        reason: error instanceof Error ? error.message : String(error),
      });
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}

/** One body on its way through the thread. */
class Reading {
  readonly #port: MessagePort;
  readonly #received: FromReader[] = [];
  #piecesAhead = 0;
  #isClosed = false;
  #bodyError: { readonly error: unknown } | undefined;
  #wakeReader = () => {};
  #wakeFeeder = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: FromReader) => {
      if (message.kind === 'took') {
        this.#piecesAhead--;
        this.#wakeFeeder();
      } else {
        this.#received.push(message);
        this.#wakeReader();
      }
    });
    port.on('close', () => {
      this.#isClosed = true;
      this.#wakeReader();
      this.#wakeFeeder();
    });
  }

  /** By the other side. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends the body in the background; its error is thrown by `batches`. */
  feed(body: AsyncIterable<Uint8Array>): void {
    this.#feedAll(body).catch((error: unknown) => {
      this.#bodyError = { error };
      this.#wakeReader();
    });
  }

  async *batches(): AsyncGenerator<RecordBatch> {
    for (;;) {
      const message = this.#received.shift();
      if (message?.kind === 'batch') {
        const { batch } = message;
        const { buffer, byteOffset, length } = batch.bytes;
        // What was a Buffer there arrives as a plain array of bytes.
        yield { ...batch, bytes: Buffer.from(buffer, byteOffset, length) };
        this.#port.postMessage({ took: batch.bytes.buffer }, [batch.bytes.buffer]);
      } else if (message?.kind === 'end') return;
      else if (message?.kind === 'failed') throw failure(message);
      else if (this.#bodyError !== undefined) throw this.#bodyError.error;
      else if (this.#isClosed) throw died();
      else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  async #feedAll(body: AsyncIterable<Uint8Array>): Promise<void> {
    let piece = new Uint8Array(PIECE_BYTES);
    let length = 0;
    for await (const chunk of body) {
      for (let from = 0; from < chunk.length; ) {
        const part = chunk.subarray(from, from + PIECE_BYTES - length);
        piece.set(part, length);
        length += part.length;
        from += part.length;
        if (length < PIECE_BYTES) continue;
        await this.#send(piece, length);
        piece = new Uint8Array(PIECE_BYTES);
        length = 0;
      }
      if (this.#isClosed) return;
    }
    if (length > 0) await this.#send(piece, length);
    this.#port.postMessage('end');
  }

  async #send(piece: Uint8Array<ArrayBuffer>, length: number): Promise<void> {
    while (this.#piecesAhead >= PIECES_AHEAD && !this.#isClosed)
      await new Promise<void>((resolve) => (this.#wakeFeeder = resolve));
    this.#piecesAhead++;
    this.#port.postMessage({ piece: piece.subarray(0, length) }, [piece.buffer]);
  }
}

function failure({ message, isBodyWrong }: FromReader & { kind: 'failed' }): Error {
  if (isBodyWrong) return new ApiError('InvalidParameterException', `import body: ${message}`);
  return new Error(`the reader of an import failed: ${message}`);
}

function died(): DependencyError {
  const reason = 'the thread that reads imports ended';
  return new DependencyError({ dependency: 'import', operation: 'read', isRetryable: true, reason });
}
