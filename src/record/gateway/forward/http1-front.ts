import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RawHeaders, RequestHead } from '../../../model/captured-call.ts';
import type { FrontListener, FrontSide } from './front-side.ts';
import { headerValue } from './raw-headers.ts';
import type { AnswerHead, BodyFraming } from './upstream-call.ts';

/** `node:http` writes 100, 102 and 103 only; every other interim answer passes through this method of its own. */
interface RawWriter {
  _writeRaw(data: string, encoding: 'latin1'): boolean;
}

/** `node:http` joins a head with a text, never with bytes; above this size copying costs more than a second buffer. */
const JOINED_WRITE_BYTES_MAX = 16_384;

/** An HTTP/1.0 or 1.1 caller. */
export class Http1Front implements FrontSide {
  readonly framing: BodyFraming;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #isContinueExpected: boolean;
  readonly #isVersion10: boolean;
  #wasContinued = false;
  #isRequestEnded: boolean;
  #hasBodyBegun = false;

  constructor(request: IncomingMessage, response: ServerResponse, head: RequestHead) {
    this.#request = request;
    this.#response = response;
    this.framing = framingOf(head);
    this.#isRequestEnded = this.framing.kind === 'none';
    this.#isContinueExpected = !this.#isRequestEnded && headerValue(head.headers, 'expect') !== undefined;
    this.#isVersion10 = head.httpVersion === '1.0';
  }

  listen(listener: FrontListener): void {
    const response = this.#response;
    let isFinished = false;
    response.on('finish', () => {
      isFinished = true;
      listener.onClosed(true);
    });
    response.on('close', () => {
      if (!isFinished) listener.onClosed(false);
    });
    response.on('drain', () => listener.onDrain());
    if (this.#isRequestEnded) return;
    const request = this.#request;
    request.on('data', (chunk: Buffer) => {
      this.#hasBodyBegun = true;
      listener.onData(chunk);
    });
    request.on('end', () => {
      this.#isRequestEnded = true;
      listener.onEnd(request.rawTrailers);
    });
    // A body that breaks off; the response's close tells the rest.
    request.on('error', ignore);
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  inform(status: number, headers: RawHeaders): void {
    if (this.#isVersion10 || this.#response.headersSent) return;
    if (status === 100 && headers.length === 0) {
      this.#wasContinued = true;
      this.#response.writeContinue();
      return;
    }
    if (status === 100) this.#wasContinued = true;
    let text = `HTTP/1.1 ${status} ${INTERIM_TEXT[status] ?? 'Information'}\r\n`;
    for (let index = 0; index < headers.length; index += 2) {
      text += `${headers[index]}: ${headers[index + 1]}\r\n`;
    }
    (this.#response as unknown as RawWriter)._writeRaw(`${text}\r\n`, 'latin1');
  }

  answer(head: AnswerHead): void {
    const response = this.#response;
    response.sendDate = false;
    // The caller may or may not send the body that it held back, so the next bytes could be read in two ways.
    if (this.#isContinueExpected && !this.#wasContinued && !this.#hasBodyBegun) this.closeAfterAnswer();
    response.writeHead(head.status, head.statusText, head.headers as string[]);
  }

  flush(): void {
    if (!this.#response.writableEnded) this.#response.flushHeaders();
  }

  write(chunk: Uint8Array): boolean {
    return this.#response.write(chunk);
  }

  end(chunk: Uint8Array | undefined, trailers: RawHeaders): void {
    if (trailers.length > 0 && !this.#isVersion10) this.#response.addTrailers(pairs(trailers));
    if (chunk === undefined) this.#response.end();
    else if (chunk.byteLength > JOINED_WRITE_BYTES_MAX) this.#response.end(chunk);
    else this.#response.end(latin1Text(chunk), 'latin1');
  }

  abort(): void {
    this.#response.destroy();
  }

  closeAfterAnswer(): void {
    this.#response.shouldKeepAlive = false;
  }
}

const INTERIM_TEXT: Readonly<Record<number, string>> = {
  100: 'Continue',
  102: 'Processing',
  103: 'Early Hints',
};

/** The bytes as one character each, which `latin1` writes as they were. */
function latin1Text(bytes: Uint8Array): string {
  const buffer =
    bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1');
}

function ignore(): void {}

function framingOf(head: RequestHead): BodyFraming {
  const length = headerValue(head.headers, 'content-length');
  if (length !== undefined) {
    return Number(length) === 0 ? { kind: 'none' } : { kind: 'sized', sizeBytes: Number(length) };
  }
  return headerValue(head.headers, 'transfer-encoding') === undefined ? { kind: 'none' } : { kind: 'open' };
}

function pairs(headers: RawHeaders): [string, string][] {
  const list: [string, string][] = [];
  for (let index = 0; index < headers.length; index += 2) {
    list.push([headers[index] as string, headers[index + 1] as string]);
  }
  return list;
}
