import http2, { type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import type { RawHeaders, RequestHead } from '../../../model/captured-call.ts';
import type { FrontListener, FrontSide } from './front-side.ts';
import { headerValue } from './raw-headers.ts';
import type { AnswerHead, BodyFraming } from './upstream-call.ts';

/** An HTTP/2 caller: one stream of its session. */
export class Http2Front implements FrontSide {
  readonly framing: BodyFraming;
  readonly #request: Http2ServerRequest;
  readonly #response: Http2ServerResponse;
  readonly #stream: ServerHttp2Stream;

  constructor(request: Http2ServerRequest, response: Http2ServerResponse, head: RequestHead) {
    this.#request = request;
    this.#response = response;
    this.#stream = response.stream;
    this.framing = framingOf(head, this.#stream);
  }

  listen(listener: FrontListener): void {
    const stream = this.#stream;
    let isClosed = false;
    const close = (isComplete: boolean): void => {
      if (isClosed) return;
      isClosed = true;
      listener.onClosed(isComplete);
    };
    // `finish` is when the last bytes were handed on; a reset that follows is the caller's own affair.
    stream.on('finish', () => close(stream.rstCode === http2.constants.NGHTTP2_NO_ERROR));
    stream.on('close', () => close(false));
    stream.on('drain', () => listener.onDrain());
    // A stream that breaks off; its close tells the rest.
    stream.on('error', () => {});
    if (this.framing.kind === 'none') return;
    this.#request.on('data', (chunk: Buffer) => listener.onData(chunk));
    this.#request.on('end', () => {
      if (!stream.aborted) listener.onEnd(this.#request.rawTrailers);
    });
    this.#request.on('error', () => {});
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  inform(status: number, headers: RawHeaders): void {
    if (this.#stream.destroyed || this.#stream.headersSent) return;
    this.#stream.additionalHeaders({ ...grouped(headers), ':status': status });
  }

  answer(head: AnswerHead): void {
    if (this.#stream.destroyed) return;
    const headers = [':status', String(head.status)];
    for (let index = 0; index < head.headers.length; index += 2) {
      headers.push((head.headers[index] as string).toLowerCase(), head.headers[index + 1] as string);
    }
    // Trailers are sent by the compatibility layer of `node:http2`, which waits for them on every answer.
    const options = { endStream: false, waitForTrailers: true, sendDate: false };
    this.#stream.respond(headers, options);
  }

  flush(): void {}

  write(chunk: Uint8Array): boolean {
    if (this.#stream.destroyed) return true;
    return this.#stream.write(chunk);
  }

  end(chunk: Uint8Array | undefined, trailers: RawHeaders): void {
    if (this.#stream.destroyed) return;
    if (trailers.length > 0) this.#response.addTrailers(grouped(trailers));
    if (chunk === undefined) this.#stream.end();
    else this.#stream.end(chunk);
  }

  abort(): void {
    if (!this.#stream.destroyed) this.#stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  }

  closeAfterAnswer(): void {}
}

function framingOf(head: RequestHead, stream: ServerHttp2Stream): BodyFraming {
  const length = headerValue(head.headers, 'content-length');
  if (stream.endAfterHeaders || length === '0') return { kind: 'none' };
  return length === undefined ? { kind: 'open' } : { kind: 'sized', sizeBytes: Number(length) };
}

function grouped(headers: RawHeaders): Record<string, string[]> {
  const object: Record<string, string[]> = {};
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase();
    const values = object[name] ?? [];
    values.push(headers[index + 1] as string);
    object[name] = values;
  }
  return object;
}
