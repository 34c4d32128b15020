import { createHash, type Hash, type KeyObject, sign } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type ChainHead,
  type ChainLink,
  decodeSignedHead,
  encodeChainLink,
  encodeSignedHead,
  headClaim,
  type SignedHead,
} from '../model/chain.ts';
import type { Disk } from './disk.ts';
import { errorCode } from './disk.ts';
import { LineLog } from './line-log.ts';

const FILE_NAME = 'heads.ndjson';

/**
 * The signed heads: `heads.ndjson`, appended and never written again. Every link MUST be given to `observe`
 * once, in order, because a head also vouches for the records of the links behind the head before it.
 */
export class HeadLog {
  readonly #log: LineLog;
  readonly #key: KeyObject;
  #last: SignedHead | undefined;
  #digest: Hash = createHash('sha256');
  /** Links observed while a signature is being written belong to the next one. */
  #nextDigest: Hash | undefined;

  private constructor(log: LineLog, key: KeyObject, last: SignedHead | undefined) {
    this.#log = log;
    this.#key = key;
    this.#last = last;
  }

  static async exists(disk: Disk, directory: string): Promise<boolean> {
    return (await disk.list(directory)).includes(FILE_NAME);
  }

  static async open(disk: Disk, directory: string, key: KeyObject): Promise<HeadLog> {
    const { log, text } = await LineLog.open(disk, { directory, name: FILE_NAME });
    return new HeadLog(log, key, lastHeadOf(text));
  }

  get last(): SignedHead | undefined {
    return this.#last;
  }

  observe(link: ChainLink): void {
    if (link.lastSequence <= (this.#last?.sequence ?? 0)) return;
    const line = `${encodeChainLink(link)}\n`;
    this.#digest.update(line);
    this.#nextDigest?.update(line);
  }

  /** Signs a head and makes it durable; does nothing when it has not moved. One call at a time. */
  async sign(head: ChainHead, signedAt: number): Promise<void> {
    const previousSequence = this.#last?.sequence ?? 0;
    if (head.sequence <= previousSequence) return;
    const linksDigest = this.#digest.copy().digest('hex');
    const claim = { ...head, signedAt, previousSequence, linksDigest };
    const signature = sign(null, Buffer.from(headClaim(claim)), this.#key).toString('base64');
    const signed = { ...claim, signature };
    this.#nextDigest = createHash('sha256');
    try {
      await this.#log.append([encodeSignedHead(signed)]);
      this.#last = signed;
      this.#digest = this.#nextDigest;
    } finally {
      this.#nextDigest = undefined;
    }
  }

  async *read(firstSequence: number): AsyncGenerator<SignedHead> {
    const input = createReadStream(this.#log.path, {
      encoding: 'utf8',
      end: Math.max(0, this.#log.sizeBytes - 1),
    });
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const head = decodeSignedHead(line);
        if (head !== undefined && head.sequence >= firstSequence) yield head;
      }
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }

  async close(): Promise<void> {
    await this.#log.close();
  }
}

function lastHeadOf(text: string): SignedHead | undefined {
  const lines = text.split('\n');
  for (let index = lines.length - 1; index >= 0; index--) {
    const head = decodeSignedHead(lines[index] ?? '');
    if (head !== undefined) return head;
  }
  return undefined;
}
