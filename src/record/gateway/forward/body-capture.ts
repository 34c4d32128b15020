import type { CapturedBody } from '../../../model/captured-call.ts';

const EMPTY = new Uint8Array(0);

/** Keeps the first bytes of a body that streams by, and counts all of them. */
export class BodyCapture {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] = [];
  #joined: Uint8Array | undefined;
  #keptBytes = 0;
  #sizeBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  add(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.byteLength;
    const room = this.#bytesMax - this.#keptBytes;
    if (room <= 0 || chunk.byteLength === 0) return;
    const kept = chunk.byteLength <= room ? chunk : chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#keptBytes += kept.byteLength;
  }

  /**
   * What was captured. Small bodies are copied out of the socket's read buffer of 64 KiB, which a waiting record would
   * otherwise keep alive as a whole.
   */
  finish(): CapturedBody {
    return {
      bytes: this.#join(),
      isTruncated: this.#sizeBytes > this.#keptBytes,
      sizeBytes: this.#sizeBytes,
    };
  }

  #join(): Uint8Array {
    if (this.#keptBytes === 0) return EMPTY;
    if (this.#joined?.byteLength === this.#keptBytes) return this.#joined;
    const joined = Buffer.allocUnsafe(this.#keptBytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset);
      offset += chunk.byteLength;
    }
    this.#chunks = [joined];
    this.#joined = joined;
    return joined;
  }
}
