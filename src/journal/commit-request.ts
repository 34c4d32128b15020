import type { DependencyError } from '../base/dependency-error.ts';
import type { JournalEntry } from '../model/recorded-event.ts';
import type { Frame } from './frame.ts';

/** What one caller wants to be made durable: all of it, or nothing. */
export interface CommitRequest {
  readonly frames: readonly Frame[];
  readonly entries: readonly JournalEntry[];
  /** Whether room was promised: taken first, not bound by the size, and written where the ballast was. */
  readonly isPriority: boolean;
  /** About what it takes in memory. */
  readonly weightBytes: number;
  readonly resolve: (range: { firstSequence: number; lastSequence: number; segmentPath: string }) => void;
  readonly reject: (error: DependencyError) => void;
}

/** Whether nobody waits for its events to be looked up within the second; true where it has none. */
export function hasOnlyImported({ entries }: CommitRequest): boolean {
  return entries.every(({ meta }) => meta.origin === 'import');
}
