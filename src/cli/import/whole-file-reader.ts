import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';

/** A read that takes longer came from a disk and not from memory. */
const SLOW_MS = 1;
/** Files that are read side by side before it is tried again whether they come from memory. */
const FILES_SIDE_BY_SIDE = 256;

/**
 * Reads whole small files. At once while they come from memory, because a round over the thread pool costs several times
 * the read itself; side by side as soon as one had to be waited for.
 */
export class WholeFileReader {
  readonly #clock: Clock;
  #sideBySideLeft = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async read(path: string, signal: AbortSignal): Promise<Buffer> {
    if (this.#sideBySideLeft > 0) {
      this.#sideBySideLeft--;
      return readFile(path, { signal });
    }
    const startedMs = this.#clock.monotonicMs();
    const bytes = readFileSync(path);
    if (this.#clock.monotonicMs() - startedMs > SLOW_MS) this.#sideBySideLeft = FILES_SIDE_BY_SIDE;
    return bytes;
  }
}
