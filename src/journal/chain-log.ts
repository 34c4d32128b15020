import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { assert } from '../base/assert.ts';
import { type ChainLink, decodeChainLink, encodeChainLink } from '../model/chain.ts';
import type { Disk } from './disk.ts';
import type { RecoveryFinding } from './journal.ts';
import { LineLog } from './line-log.ts';

/** A new file is begun beyond this size; what `prune` deletes is a multiple of it. */
const FILE_BYTES_MAX = 8 << 20;
// links-0000000000000001.ndjson: the first sequence number in it.
const FILE_NAME = /^links-(\d{16})\.ndjson$/;

/** The links of released segments: one line each, in order, appended and never written again. */
export class ChainLog {
  readonly findings: RecoveryFinding[] = [];
  readonly #disk: Disk;
  readonly #directory: string;
  /** First sequence numbers of the files, ascending. */
  #files: number[] = [];
  #log: LineLog | undefined;
  #last: ChainLink | undefined;

  private constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  static async open(disk: Disk, directory: string): Promise<ChainLog> {
    const chain = new ChainLog(disk, directory);
    const names = await disk.list(directory);
    chain.#files = names
      .map((name) => Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN))
      .filter((first) => !Number.isNaN(first))
      .sort((a, b) => a - b);
    // The newest file has no line yet when a crash came between its creation and its first append.
    for (const first of chain.#files.toReversed()) {
      await chain.#openNewest(first);
      if (chain.#last !== undefined) break;
    }
    return chain;
  }

  async #openNewest(first: number): Promise<void> {
    const name = fileName(first);
    const { log, text } = await LineLog.open(this.#disk, { directory: this.#directory, name });
    this.#log ??= log;
    let offsetBytes = 0;
    for (const line of text.split('\n').slice(0, -1)) {
      const link = decodeChainLink(line);
      if (link === undefined) {
        const reason = 'a line of the chain log is not a link';
        this.findings.push({ kind: 'corruptChainLog', segment: name, offsetBytes, reason });
      } else {
        this.#last = link;
      }
      offsetBytes += Buffer.byteLength(line) + 1;
    }
  }

  /** The newest link that is kept. */
  get last(): ChainLink | undefined {
    return this.#last;
  }

  /** Appends those of the links that are not there yet; resolves when they are durable. */
  async append(links: readonly ChainLink[]): Promise<void> {
    const lastSequence = this.#last?.lastSequence ?? 0;
    const fresh = links.filter((link) => link.firstSequence > lastSequence);
    const first = fresh[0];
    const newest = fresh.at(-1);
    if (first === undefined || newest === undefined) return;
    if (this.#log === undefined || this.#log.sizeBytes >= FILE_BYTES_MAX) {
      await this.#log?.close();
      const name = fileName(first.firstSequence);
      this.#log = (await LineLog.open(this.#disk, { directory: this.#directory, name })).log;
      if (!this.#files.includes(first.firstSequence)) this.#files.push(first.firstSequence);
    }
    await this.#log.append(fresh.map(encodeChainLink));
    this.#last = newest;
  }

  /**
   * Links that touch the range, in order. A line that is not a link is left out; the next link then shows
   * the gap.
   */
  async *read(firstSequence: number, lastSequence: number): AsyncGenerator<ChainLink> {
    for (const [index, first] of [...this.#files].entries()) {
      const nextFirst = this.#files[index + 1] ?? Number.POSITIVE_INFINITY;
      if (nextFirst <= firstSequence || first > lastSequence) continue;
      const input = createReadStream(join(this.#directory, fileName(first)), 'utf8');
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const link = decodeChainLink(line);
        if (link === undefined || link.lastSequence < firstSequence) continue;
        if (link.firstSequence > lastSequence) break;
        yield link;
      }
    }
  }

  /**
   * Deletes files that end at or before `throughSequence`; the newest is always kept. Returns the first
   * number kept.
   */
  async prune(throughSequence: number): Promise<number> {
    while (this.#files.length > 1) {
      const [first, second] = this.#files;
      assert(first !== undefined && second !== undefined, 'a list of two files has two');
      if (second - 1 > throughSequence) break;
      await this.#disk.unlink(join(this.#directory, fileName(first)));
      this.#files.shift();
    }
    return this.#files[0] ?? 1;
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }
}

function fileName(firstSequence: number): string {
  return `links-${String(firstSequence).padStart(16, '0')}.ndjson`;
}
