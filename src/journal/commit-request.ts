import type { DependencyError } from '../base/dependency-error.ts';
import type { EntryToAppend } from '../model/recorded-event.ts';
import type { Frame } from './frame.ts';

/** What one caller wants to be made durable: all of it, or nothing. */
export interface CommitRequest {
  readonly frames: readonly Frame[];
  readonly entries: readonly EntryToAppend[];
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

const TAB = 0x09;
const LF = 0x0a;

/** Whether it can stand at the end of a line: without a line break, and without the tab that parts fields. */
export function isOneField(raw: EntryToAppend['raw']): boolean {
  if (typeof raw === 'string') return !raw.includes('\n') && !raw.includes('\t');
  // A buffer searches several times as fast as a plain array of bytes.
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  return !bytes.includes(LF) && !bytes.includes(TAB);
}
