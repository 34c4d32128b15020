import type { Position } from '../model/recorded-event.ts';

/** How far the event store holds every journal; what followers may read up to. */
export interface CommitFeed {
  /** The highest sequence of the current journal that is stored, with all before it. */
  committed(): Position;
  /** Called after each commit, in order; MUST return quickly. Returns the function that unsubscribes. */
  onCommit(listener: (committed: Position) => void): () => void;
}
