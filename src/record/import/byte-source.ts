const LF = 10;

/** Reads lines and blocks of known length off pieces of bytes. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #lineBytesMax: number;
  #piece: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Of a longer line than `lineBytesMax` only the start is kept. */
  constructor(pieces: AsyncIterable<Uint8Array>, lineBytesMax: number) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#lineBytesMax = lineBytesMax;
  }

  /** The next line without its LF where it lies whole in what was read; valid until the next call. */
  lineAtHand(): Buffer | undefined {
    const end = this.#piece.indexOf(LF, this.#at);
    if (end < 0 || end - this.#at > this.#lineBytesMax) return undefined;
    const line = this.#piece.subarray(this.#at, end);
    this.#at = end + 1;
    return line;
  }

  /** The next line without its LF; undefined at the end. A last line without LF counts. */
  async line(): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let room = this.#lineBytesMax;
    let isBegun = false;
    for (;;) {
      const end = this.#piece.indexOf(LF, this.#at);
      const part = this.#piece.subarray(this.#at, end < 0 ? undefined : end);
      if (part.length > 0 || end >= 0) isBegun = true;
      if (room > 0 && part.length > 0) parts.push(part.subarray(0, room));
      room = Math.max(0, room - part.length);
      this.#at = end < 0 ? this.#piece.length : end + 1;
      if (end >= 0) return Buffer.concat(parts);
      if (!(await this.#next())) return isBegun ? Buffer.concat(parts) : undefined;
    }
  }

  /** Exactly so many bytes; undefined where the source ends before. Valid until the next call. */
  async block(bytesCount: number): Promise<Buffer | undefined> {
    const atHand = this.#piece.length - this.#at;
    if (atHand >= bytesCount) return this.#take(bytesCount);
    const block = Buffer.allocUnsafeSlow(bytesCount);
    let length = 0;
    for (;;) {
      length += this.#take(Math.min(bytesCount - length, this.#piece.length - this.#at)).copy(block, length);
      if (length === bytesCount) return block;
      if (!(await this.#next())) return undefined;
    }
  }

  #take(bytesCount: number): Buffer {
    const bytes = this.#piece.subarray(this.#at, this.#at + bytesCount);
    this.#at += bytesCount;
    return bytes;
  }

  async #next(): Promise<boolean> {
    const { value, done } = await this.#pieces.next();
    if (done === true) return false;
    this.#piece = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#at = 0;
    return true;
  }
}
