import type { RecordSink } from '../../model/log-file/record-scanner.ts';
import { ImportBody } from './import-body.ts';

/** A request of this size keeps the server busy for some ten milliseconds, and is sent again as a whole when it fails. */
const BODY_BYTES = 4 << 20;
/** The same of files as they are stored: gzip makes events ten times smaller. */
const STORED_BODY_BYTES = 1 << 20;

/**
 * Writes objects into requests: many small ones into one, a large one into several. While one request is under way the next
 * one is filled; there are never more than these two.
 */
export class ObjectWriter implements RecordSink {
  readonly #send: (body: Buffer) => Promise<void>;
  #body = new ImportBody();
  #other = new ImportBody();
  #sending: Promise<void> = Promise.resolve();
  #object: { readonly uri: string; readonly sha256: string } | undefined;
  #index = 0;

  constructor(send: (body: Buffer) => Promise<void>) {
    this.#send = send;
  }

  begin(object: { readonly uri: string; readonly sha256: string }): void {
    this.#object = object;
    this.#index = 0;
    this.#body.control('object', object);
  }

  /** A file as it is stored: the server inflates and cuts it. */
  async file(object: { readonly uri: string; readonly sha256: string }, stored: Uint8Array): Promise<void> {
    this.#body.file(object, stored);
    if (this.#body.sizeBytes >= STORED_BODY_BYTES) await this.#dispatch();
  }

  record(bytes: Uint8Array): void {
    this.#index++;
    this.#body.record(bytes);
  }

  refuse(reason: string): void {
    this.#index++;
    this.#body.control('refused', { reason });
  }

  end(): void {
    this.#object = undefined;
    this.#body.control('end', {});
  }

  /** To be called between the pieces of an object: sends what is large enough. */
  async breathe(): Promise<void> {
    if (this.#body.sizeBytes < BODY_BYTES) return;
    if (this.#object !== undefined) this.#body.control('end', { isPartial: true });
    await this.#dispatch();
    if (this.#object !== undefined)
      this.#body.control('object', { ...this.#object, firstIndex: this.#index });
  }

  /** Resolves when everything was taken by the server. */
  async flush(): Promise<void> {
    if (this.#body.sizeBytes > 0) await this.#dispatch();
    await this.#sending;
  }

  async #dispatch(): Promise<void> {
    await this.#sending;
    const full = this.#body;
    this.#body = this.#other;
    this.#other = full;
    this.#sending = this.#send(full.take());
    // Seen by whoever awaits it next; until then it is no unhandled rejection.
    this.#sending.catch(() => {});
  }
}
