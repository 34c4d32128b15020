import { createHash, type Hash, type KeyObject, verify } from 'node:crypto';
import {
  type ChainHead,
  type ChainLink,
  encodeChainLink,
  headClaim,
  type SignedHead,
} from '../model/chain.ts';
import type { ExplainedRanges } from './explained-ranges.ts';
import type { HistorySource } from './history-chain.ts';
import type { ReportBuilder } from './history-report.ts';

/** Checks signed heads against the links as both go by. */
export class HeadCheck {
  readonly #journalId: string;
  readonly #heads: AsyncIterator<SignedHead>;
  readonly #key: KeyObject;
  readonly #report: ReportBuilder;
  readonly #explained: ExplainedRanges;
  readonly #expected: Map<number, ChainHead>;
  /** Signatures of heads that have to come, by sequence. */
  readonly #expectedSignatures = new Map<number, string>();
  #next: SignedHead | undefined;
  #isAtEnd = false;
  /** Where the digest of link records began: right behind a head. Undefined while it cannot be compared. */
  #digestFrom: number | undefined;
  #digest: Hash = createHash('sha256');
  #lastSequence: number | undefined;

  constructor(source: HistorySource, key: KeyObject, report: ReportBuilder, explained: ExplainedRanges) {
    this.#journalId = source.journalId;
    this.#heads = source.heads[Symbol.asyncIterator]();
    this.#key = key;
    this.#report = report;
    this.#explained = explained;
    this.#expected = new Map((source.expectedHeads ?? []).map((head) => [head.sequence, head]));
    for (const head of source.expectedHeads ?? []) {
      if ('signature' in head) this.#expectedSignatures.set(head.sequence, head.signature);
    }
    const isFromStart = (source.firstSequence ?? 1) === 1;
    this.#digestFrom = isFromStart ? 0 : undefined;
    this.#lastSequence = isFromStart ? 0 : undefined;
  }

  /** Links are gone: the record that the next head vouches for is not whole. */
  skipLinks(): void {
    this.#digestFrom = undefined;
  }

  async takeLink(link: ChainLink): Promise<void> {
    this.#digest.update(`${encodeChainLink(link)}\n`);
    const expected = this.#expected.get(link.lastSequence);
    if (expected !== undefined) {
      this.#expected.delete(link.lastSequence);
      if (expected.hash !== link.hash) {
        this.#report.report(
          'badHead',
          { first: link.lastSequence },
          'the chain does not go through a head that is known',
        );
      }
    }
    for (let head = await this.#peek(); head !== undefined && head.sequence <= link.lastSequence; ) {
      this.#check(head, link);
      this.#next = undefined;
      head = await this.#peek();
    }
  }

  async finish(linkedThrough: number): Promise<void> {
    for (let head = await this.#peek(); head !== undefined; head = await this.#peek()) {
      const missing = { first: linkedThrough + 1, last: head.sequence };
      this.#report.report('missingLinks', missing, 'a head vouches for events that no link accounts for');
      this.#checkOrder(head);
      this.#next = undefined;
    }
    for (const { sequence } of this.#expected.values()) {
      this.#expectedSignatures.delete(sequence);
      this.#report.report(
        'missingHead',
        { first: sequence },
        'the chain does not reach a head that is known',
      );
    }
    for (const sequence of this.#expectedSignatures.keys()) {
      this.#report.report('missingHead', { first: sequence }, 'a signed head that is known is gone');
    }
  }

  #check(head: SignedHead, link: ChainLink): void {
    const digest = this.#digest.copy().digest('hex');
    if (this.#expectedSignatures.get(head.sequence) === head.signature)
      this.#expectedSignatures.delete(head.sequence);
    const isComparable = this.#digestFrom !== undefined && this.#digestFrom === head.previousSequence;
    const problem = this.#problemOf(head, link);
    const isInOrder = this.#checkOrder(head);
    if (head.sequence === link.lastSequence) {
      this.#digest = createHash('sha256');
      this.#digestFrom = head.sequence;
    }
    if (problem !== undefined) {
      this.#report.report('badHead', { first: head.sequence }, problem);
    } else if (isComparable && digest !== head.linksDigest) {
      const range = { first: head.previousSequence + 1, last: head.sequence };
      this.#report.report('badHead', range, 'the records of links that the head vouches for were changed');
    } else if (isInOrder) {
      this.#report.headsVerified++;
      this.#report.signedThrough = head.sequence;
    }
  }

  #problemOf(head: SignedHead, link: ChainLink): string | undefined {
    if (head.journalId !== this.#journalId) return 'the head is of another journal';
    if (!isSigned(head, this.#key)) return 'the signature is not valid';
    if (head.sequence < link.firstSequence) {
      const isDropped = this.#explained.covers(head.sequence, head.sequence, 'dropped');
      return isDropped ? undefined : 'the link that the head vouches for is gone';
    }
    if (head.sequence !== link.lastSequence) return 'the head stands in the middle of a link';
    return head.hash === link.hash ? undefined : 'the hash is not that of the chain';
  }

  #checkOrder(head: SignedHead): boolean {
    const last = this.#lastSequence;
    this.#lastSequence = head.sequence;
    if (last === undefined || head.previousSequence === last) return true;
    const range = { first: head.previousSequence, last: head.sequence };
    this.#report.report(
      'missingHead',
      range,
      `the head before is ${last}, and not ${head.previousSequence} as it says`,
    );
    return false;
  }

  async #peek(): Promise<SignedHead | undefined> {
    if (this.#next === undefined && !this.#isAtEnd) {
      const result = await this.#heads.next();
      if (result.done === true) this.#isAtEnd = true;
      else this.#next = result.value;
    }
    return this.#next;
  }
}

function isSigned(head: SignedHead, key: KeyObject): boolean {
  return verify(null, Buffer.from(headClaim(head)), key, Buffer.from(head.signature, 'base64'));
}
