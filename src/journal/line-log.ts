import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';
import { errorCode } from './disk.ts';

/**
 * A file of lines that is only ever appended to. What a failed append left behind is cut before the next
 * one, and at open so is a last line without its LF: it was never acknowledged.
 */
export class LineLog {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #name: string;
  #file: DiskFile | undefined;
  #sizeBytes: number;
  #isClean = true;

  private constructor(disk: Disk, place: { directory: string; name: string }, sizeBytes: number) {
    this.#disk = disk;
    this.#directory = place.directory;
    this.#name = place.name;
    this.#sizeBytes = sizeBytes;
  }

  /** Returns the log with the text of its whole lines. */
  static async open(
    disk: Disk,
    place: { directory: string; name: string },
  ): Promise<{ log: LineLog; text: string }> {
    const bytes = await disk.read(join(place.directory, place.name)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    const sizeBytes = (bytes?.lastIndexOf(0x0a) ?? -1) + 1;
    const log = new LineLog(disk, place, sizeBytes);
    if (bytes !== undefined && sizeBytes < bytes.length) log.#isClean = false;
    return { log, text: bytes?.toString('utf8', 0, sizeBytes) ?? '' };
  }

  get path(): string {
    return join(this.#directory, this.#name);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Resolves when the lines and the name of the file are durable. */
  async append(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    let isNew = false;
    if (this.#file === undefined) {
      this.#file = await this.#disk.open(this.path, 'write').catch(async (error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error;
        isNew = true;
        return await this.#disk.open(this.path, 'create');
      });
    }
    if (!this.#isClean) await this.#file.truncate(this.#sizeBytes);
    this.#isClean = false;
    try {
      await this.#file.write(bytes, this.#sizeBytes);
      await this.#file.sync();
      if (isNew) await this.#disk.syncDirectory(this.#directory);
    } catch (error) {
      // A handle whose sync failed may report success for lost pages: the next append opens the file again.
      await this.close();
      throw error;
    }
    this.#isClean = true;
    this.#sizeBytes += bytes.length;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
