import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { LogFields } from '../base/log.ts';
import { noMetrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import type { JournalEntry } from '../model/recorded-event.ts';
import type { DiskJournal } from './disk-journal.ts';
import type { SealedSegment } from './journal.ts';
import { type JournalOptions, openJournal } from './open-journal.ts';

/** A directory of its own for the journals of one test, and what they logged. */
export interface JournalBench {
  readonly directory: string;
  readonly logged: { readonly event: string; readonly fields: LogFields | undefined }[];
  open(options?: Partial<JournalOptions>): Promise<DiskJournal>;
  remove(): void;
}

/** For tests only, which give it the clock and the randomness of the machine or their own. */
export function createJournalBench(system: { clock: Clock; random: Random }): JournalBench {
  const directory = mkdtempSync(join(tmpdir(), 'opentrail-journal-'));
  const logged: { event: string; fields: LogFields | undefined }[] = [];
  const write = (event: string, fields?: LogFields) => void logged.push({ event, fields });
  const log = { error: write, warn: write, info: write, debug() {} };
  return {
    directory,
    logged,
    open: (options = {}) =>
      openJournal({ directory, sizeBytesMax: 1 << 30, log, metrics: noMetrics, ...system, ...options }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** An event that can be told from others by its number; `pad` characters longer than the least. */
export function testEntry(number: number, options: { pad?: number; intentId?: string } = {}): JournalEntry {
  const { pad = 0, intentId } = options;
  const eventID = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  return {
    meta: {
      recordedAt: 1_790_000_000_000 + number,
      origin: 'live',
      verification: 'signature',
      resources: [],
      ...(intentId === undefined ? {} : { intentId }),
    },
    raw: JSON.stringify({ eventVersion: '1.11', eventID, note: 'ü€😀', pad: 'x'.repeat(pad) }),
  };
}

/** Takes every segment that can be taken at once, without releasing them. */
export async function takeAll(journal: DiskJournal): Promise<SealedSegment[]> {
  const segments: SealedSegment[] = [];
  let last = journal.head().sequence;
  for (const { kind, firstSequence, lastSequence } of journal.findings.toReversed()) {
    if (kind === 'lost' && lastSequence === last) last = (firstSequence ?? 1) - 1;
  }
  if (journal.usage().sizeBytes === 0) return segments;
  const signal = new AbortController().signal;
  while ((segments.at(-1)?.lastSequence ?? 0) < last) {
    const segment = await journal.takeSealed({ sealAfterMs: 0, signal });
    if (segment === undefined) break;
    segments.push(segment);
  }
  return segments;
}
