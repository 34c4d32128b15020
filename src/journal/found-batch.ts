import type { BatchTrailer } from './frame.ts';

/** A line of a batch that was found as it was written: an event or a frame. Offsets without the LF. */
export interface FoundLine {
  readonly offset: number;
  readonly end: number;
  /** Undefined for frames. */
  readonly sequence: number | undefined;
}

/** An event whose bytes are not those that were hashed when it was written. */
export interface DamagedLine {
  readonly sequence: number;
  readonly offset: number;
  readonly end: number;
  readonly reason: string;
}

export interface FoundBatch {
  readonly trailer: BatchTrailer;
  readonly lines: readonly FoundLine[];
  readonly damaged: readonly DamagedLine[];
  /** Whether its bytes have to be written anew. */
  readonly isDamaged: boolean;
}
