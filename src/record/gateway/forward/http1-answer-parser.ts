import type { RawHeaders } from '../../../model/captured-call.ts';
import { endToEndHeaders, headerValues } from './raw-headers.ts';
import type { AnswerHead, BodyFraming } from './upstream-call.ts';

/** What the parser tells about one answer. */
export interface AnswerListener {
  onInformation(status: number, headers: RawHeaders): void;
  onHead(head: AnswerHead): void;
  onData(chunk: Uint8Array): void;
  /** `isReusable` tells whether the connection may carry another request. */
  onEnd(trailers: RawHeaders, isReusable: boolean): void;
}

/** An answer that is not HTTP/1.1, or whose framing could be read in two ways; the message is a public reason. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}

/** `HTTP/1.1 200 OK`; the reason may be empty or missing. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
/** What nearly every answer begins with. */
const OK_LINE = 'HTTP/1.1 200 OK';
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** `1f4` or `1f4;name=value`; 13 hexadecimal digits stay an exact number. */
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,13})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const CONTENT_LENGTH = /^[0-9]{1,15}$/;
/** Longest line of a chunk's size with its extensions; real servers send under 20 bytes. */
const CHUNK_LINE_BYTES_MAX = 4096;

type State = 'head' | 'sized' | 'untilClose' | 'chunkSize' | 'chunkData' | 'chunkEnd' | 'trailers' | 'done';

/**
 * Reads one answer from the bytes of an HTTP/1.1 connection and hands on its headers as they were sent, which
 * `node:http` does not allow for requests. Strict: bare line feeds, folded lines, repeated or mixed framing are errors.
 *
 * States: `head` (interim answers return to it) → one of `sized`, `untilClose`, `chunkSize` ⇄ `chunkData` → `chunkEnd`,
 * then `trailers` for chunked bodies → `done`.
 */
export class Http1AnswerParser {
  readonly #listener: AnswerListener;
  readonly #method: string;
  readonly #headBytesMax: number;
  #state: State = 'head';
  #rest: Buffer | undefined;
  #remaining = 0;
  #isPersistent = true;
  #trailers: string[] = [];
  #trailerBytes = 0;

  constructor(method: string, headBytesMax: number, listener: AnswerListener) {
    this.#method = method;
    this.#headBytesMax = headBytesMax;
    this.#listener = listener;
  }

  /** True once the first byte of the answer was seen. */
  hasBegun = false;

  /** Takes the next bytes; throws `MalformedAnswerError`, after which the connection must be closed. */
  execute(chunk: Buffer): void {
    this.hasBegun = true;
    let buffer: Buffer = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    while (buffer.length > 0) {
      const used = this.#step(buffer);
      if (used === 0) {
        this.#rest = buffer;
        return;
      }
      buffer = used === buffer.length ? EMPTY : buffer.subarray(used);
    }
  }

  /** The upstream closed its side; true when that was a proper end of the answer. */
  finish(): boolean {
    if (this.#state !== 'untilClose') return false;
    this.#end(false);
    return true;
  }

  #step(buffer: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(buffer);
      case 'sized':
        return this.#readSized(buffer);
      case 'untilClose':
        this.#listener.onData(buffer);
        return buffer.length;
      case 'chunkSize':
        return this.#readChunkSize(buffer);
      case 'chunkData':
        return this.#readChunkData(buffer);
      case 'chunkEnd':
        return this.#readChunkEnd(buffer);
      case 'trailers':
        return this.#readTrailer(buffer);
      case 'done':
        throw new MalformedAnswerError('the upstream sent more than its answer');
    }
  }

  #readHead(buffer: Buffer): number {
    const end = buffer.indexOf('\r\n\r\n');
    if (end < 0 ? buffer.length > this.#headBytesMax : end > this.#headBytesMax) {
      throw new MalformedAnswerError(
        `the upstream's answer has a head of more than ${this.#headBytesMax} bytes`,
      );
    }
    if (end < 0) {
      if (buffer.length >= 5 && buffer.toString('latin1', 0, 5) !== 'HTTP/') {
        throw new MalformedAnswerError('the upstream did not answer in HTTP/1.1');
      }
      return 0;
    }
    const head = buffer.toString('latin1', 0, end);
    const lineEnd = endOfLine(head, 0);
    if (head.startsWith(OK_LINE) && lineEnd === OK_LINE.length) {
      this.#takeHead(200, 'OK', readFields(head, lineEnd + 2), true);
      return end + 4;
    }
    const status = STATUS_LINE.exec(head.slice(0, lineEnd));
    if (status === null) throw new MalformedAnswerError('the upstream did not answer in HTTP/1.1');
    const headers = readFields(head, lineEnd + 2);
    this.#takeHead(Number(status[2]), status[3] ?? '', headers, status[1] === '1');
    return end + 4;
  }

  #takeHead(status: number, statusText: string, headers: string[], isVersion11: boolean): void {
    if (status === 101) throw new MalformedAnswerError('the upstream switched protocols without being asked');
    if (status < 200) {
      this.#listener.onInformation(status, endToEndHeaders(headers));
      return;
    }
    const framing = this.#framing(status, headers);
    this.#isPersistent = isPersistent(headers, isVersion11);
    this.#listener.onHead({ status, statusText, headers: endToEndHeaders(headers), framing });
    if (framing.kind === 'none' || (framing.kind === 'sized' && framing.sizeBytes === 0)) {
      this.#end(true);
    } else if (framing.kind === 'sized') {
      this.#remaining = framing.sizeBytes;
      this.#state = 'sized';
    }
  }

  #framing(status: number, headers: RawHeaders): BodyFraming {
    const codings = headerValues(headers, 'transfer-encoding');
    const lengths = headerValues(headers, 'content-length');
    const [length] = lengths;
    if (lengths.some((other) => other !== length)) {
      throw new MalformedAnswerError('the upstream sent two different Content-Lengths');
    }
    if (length !== undefined && !CONTENT_LENGTH.test(length)) {
      throw new MalformedAnswerError('the upstream sent a Content-Length that is not a number');
    }
    if (this.#method === 'HEAD' || status === 204 || status === 304) return { kind: 'none' };
    if (codings.length > 0) {
      if (length !== undefined) {
        throw new MalformedAnswerError('the upstream sent both Content-Length and Transfer-Encoding');
      }
      if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') {
        throw new MalformedAnswerError('the upstream sent a Transfer-Encoding other than chunked');
      }
      this.#state = 'chunkSize';
      return { kind: 'open' };
    }
    if (length !== undefined) return { kind: 'sized', sizeBytes: Number(length) };
    this.#state = 'untilClose';
    return { kind: 'open' };
  }

  #readSized(buffer: Buffer): number {
    const taken = Math.min(this.#remaining, buffer.length);
    this.#remaining -= taken;
    this.#listener.onData(taken === buffer.length ? buffer : buffer.subarray(0, taken));
    if (this.#remaining === 0) this.#end(taken === buffer.length);
    return taken;
  }

  #readChunkSize(buffer: Buffer): number {
    const line = readLine(buffer);
    if (line === undefined) return 0;
    const size = CHUNK_SIZE.exec(line);
    if (size === null) throw new MalformedAnswerError('the upstream sent a chunk without a proper size');
    this.#remaining = Number.parseInt(size[1] as string, 16);
    this.#state = this.#remaining === 0 ? 'trailers' : 'chunkData';
    return line.length + 2;
  }

  #readChunkData(buffer: Buffer): number {
    const taken = Math.min(this.#remaining, buffer.length);
    this.#remaining -= taken;
    this.#listener.onData(taken === buffer.length ? buffer : buffer.subarray(0, taken));
    if (this.#remaining === 0) this.#state = 'chunkEnd';
    return taken;
  }

  #readChunkEnd(buffer: Buffer): number {
    if (buffer.length < 2) return 0;
    if (buffer[0] !== 0x0d || buffer[1] !== 0x0a) {
      throw new MalformedAnswerError('the upstream sent a chunk that is longer than its size');
    }
    this.#state = 'chunkSize';
    return 2;
  }

  #readTrailer(buffer: Buffer): number {
    const line = readLine(buffer);
    if (line === undefined) return 0;
    this.#trailerBytes += line.length + 2;
    if (this.#trailerBytes > this.#headBytesMax) throw new MalformedAnswerError('the trailers are too long');
    if (line === '') this.#end(buffer.length === 2);
    else this.#trailers.push(...readFields(line, 0));
    return line.length + 2;
  }

  #end(isReusable: boolean): void {
    this.#state = 'done';
    this.#listener.onEnd(this.#trailers, isReusable && this.#isPersistent);
  }
}

const EMPTY = Buffer.alloc(0);

function readLine(buffer: Buffer): string | undefined {
  const end = buffer.indexOf('\r\n');
  if ((end < 0 ? buffer.length : end) > CHUNK_LINE_BYTES_MAX) {
    throw new MalformedAnswerError('the upstream sent a chunk line that is too long');
  }
  return end < 0 ? undefined : buffer.toString('latin1', 0, end);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
}

/** The header lines from a place on to the end of the text. */
function readFields(text: string, from: number): string[] {
  const fields: string[] = [];
  for (let start = from; start <= text.length; ) {
    const end = endOfLine(text, start);
    const colon = text.indexOf(':', start);
    const isWhole = colon > start && colon < end;
    const name = isWhole ? text.slice(start, colon) : '';
    const value = isWhole ? trimBlanks(text, colon + 1, end) : '';
    if (!isWhole || !FIELD_NAME.test(name) || !FIELD_VALUE.test(value)) {
      throw new MalformedAnswerError('the upstream sent a malformed header line');
    }
    fields.push(name, value);
    start = end + 2;
  }
  return fields;
}

function trimBlanks(line: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isPersistent(headers: RawHeaders, isVersion11: boolean): boolean {
  const lines = headerValues(headers, 'connection');
  if (lines.length === 0) return isVersion11;
  if (isVersion11 && lines.length === 1 && lines[0] === 'keep-alive') return true;
  const options = lines.join(',').toLowerCase();
  if (options === '') return isVersion11;
  const names = options.split(',').map((name) => name.trim());
  return isVersion11 ? !names.includes('close') : names.includes('keep-alive') && !names.includes('close');
}
