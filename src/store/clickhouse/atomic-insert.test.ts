import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { entryOf, SegmentWriter } from '../segment-writer.contract.ts';
import { ClickHouseHttp } from './clickhouse-http.ts';
import { openTestStore, type TestStore } from './embedded-store.contract.ts';

/** More than the engine reads, squashes or inserts at a time by default (65,409 rows). */
const EVENTS_COUNT = 70_000;
/** Partitions that one segment of imported events lies in. */
const MONTHS_COUNT = 60;
const ALL = { accountIds: 'all' } as const;

describe('the insert of a segment', () => {
  let opened: TestStore;
  let writer: SegmentWriter;
  before(async () => {
    opened = await openTestStore();
    writer = await SegmentWriter.open();
  });
  after(async () => {
    await writer.dispose();
    await opened.dispose();
  });
  const segmentOf = () => writer.write(Array.from({ length: EVENTS_COUNT }, () => entryOf()));
  const answers = async () => {
    const deadline = Date.now() + 20_000;
    for (;;) {
      try {
        return await opened.store.ping(1_000);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };

  it('is one part however many events it holds', async () => {
    await opened.store.storeSegment(await segmentOf());
    const { socketPath } = opened.engine;
    const http = new ClickHouseHttp({ url: 'http://engine', socketPath, checkReady: () => undefined });
    const parts = await http.query<{ rows: string }>({
      lane: 'lookup',
      operation: 'test',
      sql: `SELECT rows FROM system.parts WHERE database = 'opentrail' AND table = 'events' AND active`,
    });
    await http.close();
    assert.deepEqual(
      parts.map(({ rows }) => Number(rows)),
      [EVENTS_COUNT],
    );
  });

  it('shows all of its events or none after kill -9, and all of them once when it is tried again', async () => {
    let expected = EVENTS_COUNT;
    for (const delayMs of [30, 150, 400, 700]) {
      const segment = await segmentOf();
      const outcome = opened.store.storeSegment(segment).then(
        () => 'stored',
        () => 'failed',
      );
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const { pid } = opened.engine;
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGKILL');
      await outcome;
      await answers();
      const count = await opened.store.count(ALL);
      assert.ok(count === expected || count === expected + EVENTS_COUNT, `${count - expected} are visible`);
      await opened.store.storeSegment(segment);
      expected += EVENTS_COUNT;
      assert.equal(await opened.store.count(ALL), expected);
    }
  });

  it('over many partitions is completed exactly once when kill -9 came between its parts', async () => {
    let partialCount = 0;
    for (let attempt = 0; attempt < 20 && partialCount < 1; attempt++) {
      const before = await opened.store.count(ALL);
      const segment = await writer.write(Array.from({ length: MONTHS_COUNT * 2 }, (_, n) => importedOf(n)));
      let isOver = false;
      const outcome = opened.store
        .storeSegment(segment)
        .catch(() => undefined)
        .finally(() => {
          isOver = true;
        });
      while (!isOver && (await opened.store.count(ALL)) === before);
      const { pid } = opened.engine;
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGKILL');
      await outcome;
      await answers();
      const visible = (await opened.store.count(ALL)) - before;
      if (visible > 0 && visible < segment.eventsCount) partialCount++;
      await opened.store.storeSegment(segment);
      await opened.store.storeSegment(segment);
      const { firstSequence, lastSequence, journalId } = segment;
      const sequences: number[] = [];
      for await (const { sequence } of opened.store.lines(journalId, firstSequence, lastSequence))
        sequences.push(sequence);
      assert.deepEqual(
        sequences,
        Array.from({ length: segment.eventsCount }, (_, index) => firstSequence + index),
      );
    }
    assert.equal(partialCount, 1, 'the engine was killed between two parts of a segment');
  });
});

/** Of one of many months, one after the other. */
function importedOf(number: number) {
  const eventTime = `${new Date(Date.UTC(2000, number % MONTHS_COUNT, 2)).toISOString().slice(0, 19)}Z`;
  return entryOf({ eventTime }, { origin: 'import' });
}
