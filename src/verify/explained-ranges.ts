import type { ExplainedRange } from './history-report.ts';

/** Looks up why a sequence number may be missing; the ranges may overlap and come in any order. */
export class ExplainedRanges {
  readonly #ranges: readonly ExplainedRange[];
  /** The furthest end of the ranges up to each index: tells how far back a search has to go. */
  readonly #furthest: readonly number[];

  constructor(ranges: readonly ExplainedRange[]) {
    this.#ranges = ranges.toSorted((a, b) => a.firstSequence - b.firstSequence);
    let furthest = 0;
    this.#furthest = this.#ranges.map((range) => {
      furthest = Math.max(furthest, range.lastSequence);
      return furthest;
    });
  }

  reasonOf(sequence: number): ExplainedRange['reason'] | undefined {
    for (let index = this.#lastBeginningBy(sequence); index >= 0; index--) {
      if ((this.#furthest[index] ?? 0) < sequence) return undefined;
      const range = this.#ranges[index];
      if (range !== undefined && range.lastSequence >= sequence) return range.reason;
    }
    return undefined;
  }

  /** Whether ranges with that reason cover all of it. */
  covers(firstSequence: number, lastSequence: number, reason: ExplainedRange['reason']): boolean {
    let next = firstSequence;
    for (const range of this.#ranges) {
      if (next > lastSequence || range.firstSequence > next) break;
      if (range.reason === reason) next = Math.max(next, range.lastSequence + 1);
    }
    return next > lastSequence;
  }

  /** Index of the last range that begins at or before a sequence number; -1 when there is none. */
  #lastBeginningBy(sequence: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.firstSequence ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
