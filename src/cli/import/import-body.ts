const LF = 0x0a;
/** Grows to what the largest request needs. */
const FIRST_BYTES = 1 << 20;

/** The lines of one request, copied together as they come. */
export class ImportBody {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #recordsCount = 0;

  get sizeBytes(): number {
    return this.#length;
  }

  get recordsCount(): number {
    return this.#recordsCount;
  }

  record(bytes: Uint8Array): void {
    this.#recordsCount++;
    this.#append(bytes);
  }

  /** A log file as it is stored. */
  file(fields: { readonly uri: string; readonly sha256: string }, stored: Uint8Array): void {
    this.control('file', { ...fields, sizeBytes: stored.length });
    this.#append(stored);
  }

  /** A line that is not a record: `#object {…}`. */
  control(name: 'file' | 'object' | 'refused' | 'end', fields: object): void {
    this.#append(Buffer.from(`#${name} ${JSON.stringify(fields)}`));
  }

  /** What was written so far, valid until the next write, after which it is empty. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#recordsCount = 0;
    return bytes;
  }

  #append(bytes: Uint8Array) {
    const end = this.#length + bytes.length + 1;
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#bytes[end - 1] = LF;
    this.#length = end;
  }
}
