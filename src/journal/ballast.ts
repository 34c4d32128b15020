import { join } from 'node:path';
import type { Random } from '../base/random.ts';
import { type Disk, type DiskFile, ignoreMissing } from './disk.ts';

/** Grown by this much at a time, so that not every intent costs a write. */
const STEP_BYTES = 8 << 20;
const CHUNK_BYTES = 1 << 20;

interface BallastOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly random: Random;
  /** Room for intents at most. */
  readonly sizeBytesMax: number;
  /** Room beside that of intents, always held: the chain log needs some before a segment may be deleted. */
  readonly sizeBytesMin: number;
}

/**
 * A file whose only purpose is to occupy room: what open intents were promised, and what the chain log
 * needs before a segment may be deleted. When the disk is full it is made smaller, and outcomes and links
 * are written where it was.
 */
export class Ballast {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #random: Random;
  readonly #sizeBytesMax: number;
  readonly #sizeBytesMin: number;
  #file: DiskFile | undefined;
  #sizeBytes = 0;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: BallastOptions) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.#random = options.random;
    this.#sizeBytesMax = options.sizeBytesMax;
    this.#sizeBytesMin = options.sizeBytesMin;
  }

  /** What a crash left of it still holds room: for the intents that the crash left too. */
  static async open(options: BallastOptions): Promise<Ballast> {
    const ballast = new Ballast(options);
    ballast.#sizeBytes = await options.disk.sizeBytes(ballast.#path).catch((error: unknown) => {
      ignoreMissing(error);
      return 0;
    });
    return ballast;
  }

  get #path(): string {
    return join(this.#directory, 'ballast');
  }

  /** Room that is held at present, for intents and all. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Room that has to be held beside that of intents. */
  get sizeBytesMin(): number {
    return this.#sizeBytesMin;
  }

  get sizeBytesMax(): number {
    return this.#sizeBytesMax;
  }

  /** Holds at least so much room for intents; rejects with the error of the system when there is none. */
  async hold(bytes: number): Promise<void> {
    const wanted = bytes + this.#sizeBytesMin;
    if (wanted <= this.#sizeBytes) return;
    await this.#inOrder(() => this.#grow(wanted));
  }

  async #grow(bytes: number): Promise<void> {
    if (bytes <= this.#sizeBytes) return;
    const goal = Math.min(
      Math.ceil(bytes / STEP_BYTES) * STEP_BYTES,
      this.#sizeBytesMax + this.#sizeBytesMin,
    );
    const file = await this.#open();
    // Random, so that no file system can store it in less room than it claims.
    const chunk = this.#random.bytes(CHUNK_BYTES);
    const before = this.#sizeBytes;
    let size = before;
    try {
      for (; size < goal; size += CHUNK_BYTES) {
        await file.write(chunk.subarray(0, Math.min(CHUNK_BYTES, goal - size)), size);
      }
      await file.sync();
      if (before === 0) await this.#disk.syncDirectory(this.#directory);
      this.#sizeBytes = goal;
    } catch (error) {
      await file.truncate(before);
      throw error;
    }
  }

  /** Gives room back to the disk; less than asked for when there is no more. Returns how much. */
  give(bytes: number): Promise<number> {
    return this.#inOrder(() => this.#shrink(bytes));
  }

  async #shrink(bytes: number): Promise<number> {
    const given = Math.min(bytes, this.#sizeBytes);
    if (given <= 0) return 0;
    const file = await this.#open();
    await file.truncate(this.#sizeBytes - given);
    this.#sizeBytes -= given;
    // Some file systems free blocks only when the change is committed.
    await file.sync();
    return given;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #open(): Promise<DiskFile> {
    this.#file ??= await this.#disk.open(this.#path, 'write').catch((error: unknown) => {
      ignoreMissing(error);
      return this.#disk.open(this.#path, 'create');
    });
    return this.#file;
  }

  #inOrder<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
