import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import { dataPaths } from '../../src/server/data-directory.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { ClickHouseHttp } from '../../src/store/clickhouse/clickhouse-http.ts';
import { EngineProcess } from '../../src/store/clickhouse/engine/engine-process.ts';
import { quoteString } from '../../src/store/clickhouse/quote.ts';
import { createDataset, type Dataset } from './dataset.ts';
import { acceptText, SEGMENT_EVENTS, withStorage, writeSegment } from './storage.ts';

/** The account of a server at its defaults. */
export const BENCH_ACCOUNT = '000000000000';
/** Inside the 90 days that LookupEvents looks back, with room for a bench that runs over midnight. */
const SPAN_MS = 85 * 86_400_000;

/** The data set that a filled store holds: the same for the same count. */
export function filledDataset(count: number, nowMs: number): Dataset {
  return createDataset({
    seed: 2,
    fromMs: nowMs - SPAN_MS,
    toMs: nowMs - 60_000,
    count,
    accountId: BENCH_ACCOUNT,
  });
}

/** Fills the event store of a data directory through the form in which the journal hands segments over. */
export async function fillStore(dataDir: string, count: number, nowMs: number): Promise<void> {
  const dataset = filledDataset(count, nowMs);
  const journalId = systemRandom.uuid();
  await withStorage(dataDir, async ({ store }) => {
    let storing: Promise<void> = Promise.resolve();
    for (let start = 0; start < count; start += SEGMENT_EVENTS) {
      const size = Math.min(SEGMENT_EVENTS, count - start);
      const entries = Array.from({ length: size }, (_, index) => acceptText(dataset.event(start + index)));
      const path = join(dataDir, `fill-${start}.ndjson`);
      const segment = writeSegment({ path, journalId, firstSequence: start + 1, entries });
      await storing;
      storing = store.storeSegment(segment).then(() => rmSync(path));
      if (start % 1_000_000 === 0)
        process.stderr.write(`filled ${start.toLocaleString('en')} of ${count.toLocaleString('en')}\n`);
    }
    await storing;
  });
  await mergeClosedWeeks(dataDir);
}

/** As the engine does by itself an hour after the last event of a week; the open week is left in its parts. */
async function mergeClosedWeeks(dataDir: string): Promise<void> {
  const engine = new EngineProcess({
    dataDir: dataPaths(dataDir).engine,
    memoryBytesMax: 1_000_000_000,
    clock: systemClock,
    log: silentLog,
    metrics: noMetrics,
  });
  await engine.start();
  const http = new ClickHouseHttp({
    url: 'http://engine',
    socketPath: engine.socketPath,
    checkReady: (operation) => engine.checkReady(operation),
  });
  const operation = 'merge';
  const weeks = await http.query<{ id: string }>({
    lane: 'scan',
    operation,
    sql: `SELECT DISTINCT partition_id AS id FROM system.parts WHERE table = 'events' AND active ORDER BY id`,
  });
  for (const { id } of weeks.slice(0, -1)) {
    const sql = `OPTIMIZE TABLE opentrail.events PARTITION ID ${quoteString(id)} FINAL`;
    await http.command({ lane: 'insert', operation, sql });
  }
  await http.close();
  await engine.close();
}
