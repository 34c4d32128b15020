/** Stands between two records as AWS writes them. */
const BETWEEN = Buffer.from('},{"eventVersion"');
const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;
/** Files of other writers are not tried again and again: a wrong guess costs as much as it is long. */
const WRONG_MAX = 4;

/** Guesses where the records of a file end, in one search each; a guess MUST be proven by parsing. */
export class RecordEnds {
  /** Bytes in which nothing stands between records any more. */
  #searched: Uint8Array | undefined;
  #wrongCount = 0;

  /** The likely end of the record that begins at `start`, if there is one. */
  guess(bytes: Uint8Array, start: number): number | undefined {
    if (this.#searched === bytes || this.#wrongCount >= WRONG_MAX) return undefined;
    const between = asBuffer(bytes).indexOf(BETWEEN, start);
    if (between >= 0) return between + 1;
    this.#searched = bytes;
    // How a file as AWS writes it ends: `]}`.
    const last = bytes.length - 1;
    return bytes[last] === CLOSE_OBJECT && bytes[last - 1] === CLOSE_LIST ? last - 1 : undefined;
  }

  noteWrong(): void {
    this.#wrongCount++;
  }
}

/** A buffer searches several times as fast as a plain array of bytes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
