import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { ApiError } from '../../model/api-error.ts';
import type { RequestHead } from '../../model/captured-call.ts';
import type { FrontRequest, FrontResponse } from '../../record/gateway/exchange.ts';
import type { WireResponse } from '../protocol/error-response.ts';
import { headerValue } from '../protocol/header-values.ts';

/**
 * What is read of a refused body before the answer: a client that is still sending would otherwise see its
 * connection reset and never the answer. Larger bodies get just that.
 */
const discardBytesMax = 8 * 1024 * 1024;

/** Headers of HTTP/1.1 alone; HTTP/2 forbids them. */
const connectionClose = ['Connection', 'close'] as const;

/** The HTTP side of one call: its body, its answer, and whether the client is still there. */
export class OwnExchange {
  readonly #request: FrontRequest;
  readonly #response: FrontResponse;
  readonly #head: RequestHead;
  readonly #abort = new AbortController();
  /** The response as what it is in both HTTP versions: something to write to. */
  readonly #body: Writable;
  #hasContinued = false;

  constructor(
    http: { readonly request: FrontRequest; readonly response: FrontResponse; readonly head: RequestHead },
    stopSignal: AbortSignal | undefined,
  ) {
    this.#request = http.request;
    this.#response = http.response;
    this.#head = http.head;
    this.#body = http.response;
    const abort = () => this.#abort.abort();
    this.#response.once('close', abort);
    // Listened to for good: an error that nobody hears would end the process.
    this.#request.on('error', abort);
    this.#response.on('error', abort);
    if (stopSignal?.aborted === true) abort();
    stopSignal?.addEventListener('abort', abort, { signal: this.#abort.signal });
  }

  /** Aborted when the client goes away, the server stops, or the answer is finished. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get hasClientLeft(): boolean {
    return this.#response.destroyed || (this.#response.closed && !this.#response.writableEnded);
  }

  /** The body as it arrives; asks a client that waits for it to go on. */
  async *wire(): AsyncIterable<Uint8Array> {
    if (this.#awaitsContinue()) this.#response.writeContinue();
    this.#hasContinued = true;
    // The request outlives the iteration, so that a body that is refused halfway can still be answered.
    const body = this.#request.iterator({ destroyOnReturn: false });
    try {
      for await (const chunk of body) yield chunk as Uint8Array;
    } catch (cause) {
      const message = 'the connection ended before the body did';
      throw new ApiError('RequestAbortedException', message, { isPlatform: true, cause });
    }
  }

  /** Declared size of the body, or undefined. */
  get declaredBytes(): number | undefined {
    const declared = headerValue(this.#head.headers, 'content-length');
    return declared === undefined || !/^\d+$/.test(declared) ? undefined : Number(declared);
  }

  async send(answer: WireResponse): Promise<void> {
    if (this.hasClientLeft) return;
    const headers: (readonly [string, string])[] = [
      ...answer.headers,
      ['Content-Length', String(answer.body.length)],
    ];
    await this.#discardRest();
    this.#writeHead(answer.status, headers);
    await this.#end(this.#head.method === 'HEAD' ? undefined : answer.body);
  }

  /** Sends the head at once, so that a client knows that its stream is open, then each line as it comes. */
  async sendLines(
    headers: readonly (readonly [string, string])[],
    lines: AsyncIterable<string>,
    lastLine: (error: unknown) => string,
  ): Promise<void> {
    if (this.hasClientLeft) return;
    this.#writeHead(200, headers);
    if ('flushHeaders' in this.#response) (this.#response as ServerResponse).flushHeaders();
    try {
      for await (const line of lines) {
        if (this.signal.aborted) break;
        if (!this.#body.write(`${line}\n`)) await this.#drained();
      }
    } catch (error) {
      this.#body.write(`${lastLine(error)}\n`);
    }
    await this.#end(undefined);
  }

  #writeHead(status: number, headers: readonly (readonly [string, string])[]): void {
    // A body that was not read to its end would be taken for the next request.
    const mustClose = this.#head.httpVersion !== '2.0' && !this.#request.readableEnded && this.#hasBody();
    for (const [name, value] of mustClose ? [...headers, connectionClose] : headers) {
      this.#response.setHeader(name, value);
    }
    this.#response.statusCode = status;
  }

  async #discardRest(): Promise<void> {
    if (this.#request.readableEnded || !this.#hasBody()) return;
    if (this.#awaitsContinue() && !this.#hasContinued) return;
    if ((this.declaredBytes ?? 0) > discardBytesMax) return;
    let size = 0;
    try {
      for await (const chunk of this.#request.iterator({ destroyOnReturn: false })) {
        size += (chunk as Uint8Array).length;
        if (size > discardBytesMax) return;
      }
    } catch {
      // The client is gone: whatever is sent to it does not arrive, and its call is recorded all the same.
    }
  }

  #awaitsContinue(): boolean {
    return headerValue(this.#head.headers, 'expect')?.toLowerCase() === '100-continue';
  }

  #hasBody(): boolean {
    return (
      (this.declaredBytes ?? 0) > 0 || headerValue(this.#head.headers, 'transfer-encoding') !== undefined
    );
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) return resolve();
      const done = () => {
        this.#response.off('drain', done);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      this.#response.once('drain', done);
      this.signal.addEventListener('abort', done);
    });
  }

  #end(body: Uint8Array | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#body.once('close', resolve);
      const done = () => resolve();
      if (body === undefined) this.#body.end(done);
      else this.#body.end(body, done);
    });
  }
}
