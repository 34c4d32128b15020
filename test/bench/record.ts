import { mkdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemRandom } from '../../src/server/system/system-random.ts';
import type { SegmentToStore } from '../../src/store/event-store.ts';
import { createDataset } from './dataset.ts';
import { type BenchResult, median, table } from './result.ts';
import { acceptText, SEGMENT_EVENTS, withStorage, withTemporaryFolder, writeSegment } from './storage.ts';

/** Events in one append: what a busy gateway hands over between two fsyncs. */
const APPEND_EVENTS = 250;
/** Appends under way at once. */
const APPENDS_MAX = 8;
const LF = 0x0a;

/**
 * Intake → fsync → stored, beside the engine alone that loads the same NDJSON from sealed segments with the same
 * schema. Alternating, median of three.
 */
export async function run(options: { readonly isQuick: boolean }): Promise<BenchResult> {
  const count = options.isQuick ? 200_000 : 1_000_000;
  const rounds = 3;
  return await withTemporaryFolder(async (folder) => {
    const input = join(folder, 'events.ndjson');
    const source = await writeEvents(input, count);
    const alone: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round < rounds; round++) {
      alone.push(count / (await engineAlone(folder, input)));
      whole.push(count / (await recordAll(folder, input)));
    }
    const ratio = Number((median(whole) / median(alone)).toFixed(2));
    const perSecond = (values: readonly number[]) =>
      values.map((value) => Math.round(value).toLocaleString('en')).join(', ');
    return {
      text: [
        `${count.toLocaleString('en')} events, ${source}`,
        table(
          ['path', 'events/s, each round', 'median', 'ratio'],
          [
            ['engine alone, sealed segments', perSecond(alone), Math.round(median(alone)), '1.00'],
            ['intake, fsync, stored', perSecond(whole), Math.round(median(whole)), ratio],
          ],
        ),
      ].join('\n\n'),
      figures: {
        ratio,
        eventsPerSecond: Math.round(median(whole)),
        engineEventsPerSecond: Math.round(median(alone)),
      },
    };
  });
}

async function writeEvents(path: string, count: number): Promise<string> {
  const toMs = Date.now();
  const dataset = createDataset({ seed: 1, fromMs: toMs - 80 * 86_400_000, toMs, count });
  const file = await open(path, 'w');
  try {
    for (let start = 0; start < count; start += SEGMENT_EVENTS) {
      const size = Math.min(SEGMENT_EVENTS, count - start);
      await file.write(
        Array.from({ length: size }, (_, index) => `${dataset.event(start + index)}\n`).join(''),
      );
    }
  } finally {
    await file.close();
  }
  return dataset.source;
}

/** Seconds that the engine takes for segments that lie ready. */
async function engineAlone(folder: string, input: string): Promise<number> {
  const dataDir = join(folder, 'alone');
  const segmentsDir = join(folder, 'segments');
  mkdirSync(segmentsDir);
  const journalId = systemRandom.uuid();
  const segments: SegmentToStore[] = [];
  let firstSequence = 1;
  for await (const lines of chunks(input, SEGMENT_EVENTS)) {
    const path = join(segmentsDir, `${firstSequence}.ndjson`);
    segments.push(writeSegment({ path, journalId, firstSequence, entries: lines.map(acceptText) }));
    firstSequence += lines.length;
  }
  const seconds = await withStorage(dataDir, async ({ store }) => {
    const start = performance.now();
    for (const segment of segments) await store.storeSegment(segment);
    return (performance.now() - start) / 1000;
  });
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(segmentsDir, { recursive: true, force: true });
  return seconds;
}

/** Seconds from the first line read to the last event stored. */
async function recordAll(folder: string, input: string): Promise<number> {
  const dataDir = join(folder, 'whole');
  const seconds = await withStorage(dataDir, async ({ journal, drain }) => {
    drain.start();
    const start = performance.now();
    const pending = new Set<Promise<unknown>>();
    for await (const lines of chunks(input, APPEND_EVENTS)) {
      const append = journal.append(lines.map(acceptText));
      pending.add(append);
      void append.finally(() => pending.delete(append));
      // A gateway has its events from sockets, so that its loop turns between them and finished writes are seen.
      await setImmediate();
      if (pending.size >= APPENDS_MAX) await Promise.race(pending);
    }
    await Promise.all(pending);
    await drain.waitForCommit(journal.head().sequence, AbortSignal.timeout(600_000));
    return (performance.now() - start) / 1000;
  });
  rmSync(dataDir, { recursive: true, force: true });
  return seconds;
}

/** The lines of a file, so many at a time. Each is decoded by itself, as what comes from a socket is. */
async function* chunks(path: string, size: number): AsyncGenerator<string[]> {
  const file = await open(path);
  let lines: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of file.createReadStream({ highWaterMark: 1 << 20 })) {
    const bytes = rest.length === 0 ? (block as Buffer) : Buffer.concat([rest, block as Buffer]);
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      lines.push(bytes.toString('utf8', start, end));
      start = end + 1;
      if (lines.length < size) continue;
      yield lines;
      lines = [];
    }
    rest = bytes.subarray(start);
  }
  if (lines.length > 0) yield lines;
}
