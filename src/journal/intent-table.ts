import { decodeMeta, encodeMeta } from '../model/journal-line.ts';
import type { Frame } from './frame.ts';
import type { Intent } from './journal.ts';

interface OpenIntent {
  readonly intent: Intent;
  /** Path of the segment that holds its frame. */
  segmentPath: string;
}

/** Intents that are durable and not yet closed, and the room that is reserved for their outcomes. */
export class IntentTable {
  readonly #open = new Map<string, OpenIntent>();
  readonly #reserveBytes: number;
  #opening = 0;

  constructor(reserveBytes: number) {
    this.#reserveBytes = reserveBytes;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Room promised to open intents, and to those that are being opened. */
  get reservedBytes(): number {
    return (this.#open.size + this.#opening) * this.#reserveBytes;
  }

  /** Counts an intent as one that is being opened, until `endOpening`. */
  beginOpening(): void {
    this.#opening++;
  }

  endOpening(): void {
    this.#opening--;
  }

  get intents(): Intent[] {
    return [...this.#open.values()].map(({ intent }) => intent);
  }

  has(intentId: string): boolean {
    return this.#open.has(intentId);
  }

  open(intent: Intent, segmentPath: string): void {
    this.#open.set(intent.intentId, { intent, segmentPath });
  }

  close(intentId: string): void {
    this.#open.delete(intentId);
  }

  /** Open intents whose frame is in a segment; all of them without one. */
  heldBy(segmentPath?: string): Intent[] {
    const all = [...this.#open.values()];
    return all
      .filter((open) => segmentPath === undefined || open.segmentPath === segmentPath)
      .map((o) => o.intent);
  }
}

export function intentFrame({ intentId, entry }: Intent): Frame {
  return { kind: 'intent', body: { intentId, meta: encodeMeta(entry.meta), raw: entry.raw } };
}

export function intentOf(frame: { intentId: string; meta: string; raw: string }): Intent {
  return { intentId: frame.intentId, entry: { meta: decodeMeta(frame.meta), raw: frame.raw } };
}
