import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { encodeJournalLine } from '../../src/model/journal-line.ts';
import type { JournalEntry } from '../../src/model/recorded-event.ts';
import { createIntake } from '../../src/record/create-intake.ts';
import { loadConfig } from '../../src/server/config.ts';
import { dataPaths } from '../../src/server/data-directory.ts';
import { openStorage, type Storage } from '../../src/server/open-storage.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import type { SegmentToStore } from '../../src/store/event-store.ts';

export const SEGMENT_EVENTS = 20_000;

/** Catalog, journal, engine and drain as the server builds them, at its default settings. */
export async function withStorage<T>(
  dataDir: string,
  use: (storage: Storage, dataDir: string) => Promise<T>,
): Promise<T> {
  const config = loadConfig({
    flags: { 'data-dir': dataDir },
    environment: {},
    folder: dataDir,
    resolveService: () => undefined,
    nearestService: () => undefined,
  });
  mkdirSync(dataDir, { recursive: true });
  await using stack = new AsyncDisposableStack();
  const storage = await openStorage(
    {
      config,
      paths: dataPaths(dataDir),
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      metrics: noMetrics,
    },
    stack,
  );
  return await use(storage, dataDir);
}

export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'opentrail-bench-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What the gateway does with an event once it is described: stamp, order, limit, derive. */
export function acceptText(text: string): JournalEntry {
  return intake.accept(JSON.parse(text) as CloudTrailEvent, { verification: 'signature' }).entry;
}

const intake = createIntake({ accountId: '000000000000', clock: systemClock, random: systemRandom });

/** Writes the events of a range as a sealed segment, in the form in which the journal hands it to the engine. */
export function writeSegment(options: {
  readonly path: string;
  readonly journalId: string;
  readonly firstSequence: number;
  readonly entries: readonly JournalEntry[];
}): SegmentToStore {
  const { path, journalId, firstSequence, entries } = options;
  const content = entries
    .map((entry, index) => `${encodeJournalLine(firstSequence + index, entry)}\n`)
    .join('');
  writeFileSync(path, content);
  return {
    journalId,
    path,
    firstSequence,
    lastSequence: firstSequence + entries.length - 1,
    eventsCount: entries.length,
    contentHash: createHash('sha256').update(content).digest('hex'),
    skip: [],
  };
}
