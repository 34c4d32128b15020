import type { EntryToAppend } from '../model/recorded-event.ts';

/** Takes a usual large append: some hundred events. */
const BUFFER_BYTES = 1 << 20;
/** Bounds what it keeps; what comes beyond waits as text. */
const BUFFERS_MAX = 16;
/** Smaller appends are written before their texts are old; most are of one event. */
const STAGED_BYTES_MIN = 65_536;
/** A UTF-16 unit becomes at most three bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT = 3;

/** Entries whose texts were turned into bytes as far as there was room, and the buffer that holds these. */
export interface StagedEntries {
  readonly entries: readonly EntryToAppend[];
  readonly buffer: Buffer | undefined;
}

/**
 * Turns the texts of large appends into bytes while they wait for their batch. Texts that wait outlive a round of the
 * garbage collector, which copies all of them and lets them grow old: that costs as much as encoding them.
 */
export class StagingArea {
  readonly #free: Buffer[] = [];
  #buffersCount = 0;

  /** The entries MUST be given back when nobody reads them any more. `weightBytes` is about what they take. */
  stage(entries: readonly EntryToAppend[], weightBytes: number): StagedEntries {
    const buffer = weightBytes < STAGED_BYTES_MIN ? undefined : this.#take();
    if (buffer === undefined) return { entries, buffer };
    let offset = 0;
    const staged = entries.map((entry) => {
      const { meta, raw } = entry;
      if (typeof raw !== 'string' || offset + raw.length * UTF8_BYTES_PER_UNIT > buffer.length) return entry;
      const start = offset;
      offset += buffer.write(raw, start, 'utf8');
      return { meta, raw: buffer.subarray(start, offset) };
    });
    return { entries: staged, buffer };
  }

  giveBack({ buffer }: StagedEntries): void {
    if (buffer !== undefined) this.#free.push(buffer);
  }

  #take(): Buffer | undefined {
    const kept = this.#free.pop();
    if (kept !== undefined || this.#buffersCount >= BUFFERS_MAX) return kept;
    this.#buffersCount++;
    return Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }
}
