import { sha256Hex } from './node-sha256.ts';

/** A chunk is held in memory until its signature is checked; SDKs send 64 KiB to 1 MiB. */
const chunkBytesMax = 16 * 1024 * 1024;
const lineBytesMax = 8 * 1024;
const trailerLinesMax = 64;
const emptySha256 = sha256Hex('');

export interface AwsChunkedOptions {
  /** True for the `…-TRAILER` schemes: header lines follow the last chunk. */
  readonly hasTrailer: boolean;
  /** Present when every chunk is signed; `seed` is the signature of the request's head. */
  readonly signing?: {
    readonly sign: (stringToSign: string) => string;
    readonly date: string;
    readonly scope: string;
    readonly seed: string;
  };
  readonly isEqual: (expected: string, actual: string) => boolean;
  readonly reject: (reason: string) => Error;
}

/**
 * Takes the `aws-chunked` framing off a body: `<size in hex>[;chunk-signature=…]CRLF <bytes> CRLF … 0…
 * [trailer lines] CRLF`. No byte of a chunk is passed on before its signature is checked; a body that ends
 * early or goes on is rejected.
 */
export async function* decodeAwsChunked(
  wire: AsyncIterable<Uint8Array>,
  options: AwsChunkedOptions,
): AsyncIterable<Uint8Array> {
  const reader = new ByteReader(wire, options.reject);
  let previous = options.signing?.seed ?? '';
  for (;;) {
    const line = await reader.line();
    const parsed = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
    if (parsed === null) throw options.reject('a chunk has no valid header');
    const size = Number.parseInt(parsed[1] ?? '', 16);
    if (size > chunkBytesMax) throw options.reject(`a chunk is larger than ${chunkBytesMax} bytes`);
    const chunk = await reader.take(size);
    if (options.signing !== undefined) {
      const { sign, date, scope } = options.signing;
      const expected = sign(
        `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${scope}\n${previous}\n${emptySha256}\n${sha256Hex(chunk)}`,
      );
      if (!options.isEqual(expected, parsed[2] ?? ''))
        throw options.reject('the signature of a chunk does not match');
      previous = expected;
    }
    if (size === 0) break;
    if ((await reader.line()) !== '') throw options.reject('a chunk is longer than its header says');
    yield chunk;
  }
  if (options.hasTrailer) await readTrailer(reader, previous, options);
  else if ((await reader.line({ mayEnd: true })) !== '') throw options.reject('bytes follow the last chunk');
  if (!(await reader.isAtEnd())) throw options.reject('bytes follow the end of the body');
}

async function readTrailer(reader: ByteReader, previous: string, options: AwsChunkedOptions): Promise<void> {
  let canonical = '';
  let signature: string | undefined;
  for (let count = 0; ; count += 1) {
    if (count > trailerLinesMax) throw options.reject('the trailer has too many lines');
    const line = await reader.line({ mayEnd: true });
    if (line === '') break;
    const mark = line.indexOf(':');
    if (mark < 1) throw options.reject('a line of the trailer is not a header');
    const name = line.slice(0, mark).trim().toLowerCase();
    const value = line.slice(mark + 1).trim();
    if (name === 'x-amz-trailer-signature') signature = value;
    else canonical += `${name}:${value}\n`;
  }
  if (options.signing === undefined) return;
  const { sign, date, scope } = options.signing;
  const expected = sign(`AWS4-HMAC-SHA256-TRAILER\n${date}\n${scope}\n${previous}\n${sha256Hex(canonical)}`);
  if (signature === undefined || !options.isEqual(expected, signature)) {
    throw options.reject('the signature of the trailer does not match');
  }
}

/** Reads lines and byte counts from a stream of buffers. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #reject: (reason: string) => Error;
  #buffer: Buffer = Buffer.alloc(0);
  #hasEnded = false;

  constructor(wire: AsyncIterable<Uint8Array>, reject: (reason: string) => Error) {
    this.#source = wire[Symbol.asyncIterator]();
    this.#reject = reject;
  }

  async line(options: { mayEnd?: boolean } = {}): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (end > lineBytesMax || (end < 0 && this.#buffer.length > lineBytesMax))
        throw this.#reject('a line is too long');
      if (end >= 0) {
        const line = this.#buffer.toString('latin1', 0, end);
        this.#buffer = this.#buffer.subarray(end + 2);
        return line;
      }
      if (!(await this.#fill())) {
        if (options.mayEnd === true && this.#buffer.length === 0) return '';
        throw this.#reject('the body ends in the middle of a chunk');
      }
    }
  }

  async take(size: number): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    let missing = size;
    while (missing > 0) {
      if (this.#buffer.length === 0 && !(await this.#fill()))
        throw this.#reject('the body ends in the middle of a chunk');
      const part = this.#buffer.subarray(0, missing);
      this.#buffer = this.#buffer.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async isAtEnd(): Promise<boolean> {
    return this.#buffer.length === 0 && !(await this.#fill());
  }

  async #fill(): Promise<boolean> {
    while (!this.#hasEnded) {
      const next = await this.#source.next();
      if (next.done === true) this.#hasEnded = true;
      else if (next.value.length > 0) {
        this.#buffer =
          this.#buffer.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#buffer, next.value]);
        return true;
      }
    }
    return false;
  }
}
