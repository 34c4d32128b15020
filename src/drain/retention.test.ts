import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { noMetrics } from '../base/metrics.ts';
import type { Catalog } from '../store/catalog.ts';
import { createMemoryCatalog } from '../store/memory/memory-catalog.ts';
import { MemoryEventStore } from '../store/memory/memory-event-store.ts';
import { entryOf, SegmentWriter } from '../store/segment-writer.contract.ts';
import { Retention, type RetentionOptions } from './retention.ts';
import { StoreLock } from './store-lock.ts';

const DAY_MS = 86_400_000;
const LIVE = { origin: 'live' } as const;
const IMPORT = { origin: 'import' } as const;

/** Stands still until it is moved; timers are kept in `due` for the test to call. */
function manualClock(nowMs: number) {
  const due: { delayMs: number; callback: () => void }[] = [];
  const clock: Clock & { nowMs: number } = {
    nowMs,
    now: () => clock.nowMs,
    monotonicMs: () => clock.nowMs,
    after: (delayMs, callback) => {
      const timer = { delayMs, callback };
      due.push(timer);
      return { cancel: () => void due.splice(due.indexOf(timer), 1) };
    },
    sleep: () => Promise.resolve(),
  };
  return { clock, due };
}

describe('retention', () => {
  let writer: SegmentWriter;
  let store: MemoryEventStore;
  let catalog: Catalog;
  let time: ReturnType<typeof manualClock>;
  beforeEach(async () => {
    writer = await SegmentWriter.open();
    store = new MemoryEventStore();
    catalog = createMemoryCatalog();
    // Ninety days after the last moment of the week that begins on the 2nd of March.
    time = manualClock(Date.UTC(2026, 2, 9) - 1 + 90 * DAY_MS);
    await store.storeSegment(
      await writer.write([
        entryOf({ eventTime: '2026-03-02T10:00:00Z' }, LIVE),
        entryOf({ eventTime: '2026-03-02T10:00:00Z' }, IMPORT),
        entryOf({ eventTime: '2026-03-08T23:59:59Z' }, LIVE),
        entryOf({ eventTime: '2026-03-09T00:00:00Z' }, LIVE),
        entryOf({ eventTime: '2016-03-03T00:00:00Z' }, IMPORT),
      ]),
    );
  });
  afterEach(() => writer.dispose());

  const create = (options: Partial<RetentionOptions> = {}) =>
    new Retention({
      store,
      catalog,
      lock: new StoreLock(),
      clock: time.clock,
      log: silentLog,
      metrics: noMetrics,
      keepMs: { live: 90 * DAY_MS, import: undefined },
      ...options,
    });
  const names = async () => (await store.partitions()).map((partition) => partition.name);
  const hold = (fromMs: number, toMs: number) =>
    catalog.putHold({
      holdId: 'h',
      name: 'case 7',
      fromMs,
      toMs,
      createdAtMs: 1,
      createdBy: 'arn',
      reason: 'r',
    });

  it('keeps a week until its last moment has expired, and imports for ever by default', async () => {
    assert.deepEqual(await create().run(), []);
    time.clock.nowMs += 1;
    assert.deepEqual(await create().run(), ['live-20260302']);
    assert.deepEqual(await names(), ['import-201603', 'import-202603', 'live-20260309']);
  });

  it('drops imports by a limit of their own', async () => {
    const keepMs = { live: undefined, import: 365 * DAY_MS };
    assert.deepEqual(await create({ keepMs }).run(), ['import-201603']);
  });

  it('notes exactly the sequence numbers that go before they go, one range for each run of them', async () => {
    time.clock.nowMs += 1;
    let held: string[] = [];
    const noting = new Proxy(catalog, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          if (name === 'putDropped') held = await names();
          return Reflect.apply(member, target, args);
        };
      },
    });
    await create({ catalog: noting }).run();
    assert.ok(held.includes('live-20260302'), 'the partition was there when it was noted');
    const range = { name: 'live-20260302', journalId: writer.journalId, eventsCount: 1 };
    const droppedAtMs = time.clock.nowMs;
    assert.deepEqual(
      (await catalog.listDropped()).map((dropped) => ({ ...dropped })),
      [
        { ...range, firstSequence: 1, lastSequence: 1, droppedAtMs },
        { ...range, firstSequence: 3, lastSequence: 3, droppedAtMs },
      ],
    );
  });

  it('never drops a partition that a hold overlaps, not even by one moment', async () => {
    time.clock.nowMs += 1;
    const first = Date.UTC(2026, 2, 2);
    const last = Date.UTC(2026, 2, 9) - 1;
    for (const [fromMs, toMs] of [
      [0, first],
      [last, last + DAY_MS],
      [first + 5, first + 6],
      [0, last + DAY_MS],
    ] as const) {
      await hold(fromMs, toMs);
      assert.deepEqual(await create().run(), [], `${fromMs}-${toMs}`);
    }
    assert.deepEqual(await catalog.listDropped(), []);
    await hold(0, first - 1);
    assert.deepEqual(await create().run(), ['live-20260302']);
  });

  it('lets no insert into a partition between noting and dropping it', async () => {
    time.clock.nowMs += 1;
    const lock = new StoreLock();
    const late = await writer.write([entryOf({ eventTime: '2026-03-02T11:00:00Z' }, LIVE)]);
    let inserted: Promise<void> | undefined;
    const racing = new Proxy(catalog, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (name === 'putDropped') inserted ??= lock.run(() => store.storeSegment(late));
          return Reflect.apply(member, target, args);
        };
      },
    });
    await create({ catalog: racing, lock }).run();
    await inserted;
    // What came later is still there, because it was not accounted for.
    assert.equal((await store.find({ accountIds: 'all', origin: 'live' }, { limit: 9 })).length, 2);
  });

  it('runs at start, once a day, and sooner again after a failure, until it is stopped', async () => {
    time.clock.nowMs += 1;
    let isDown = true;
    const flaky = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          if (isDown) throw new Error('down');
          return Reflect.apply(member, target, args);
        };
      },
    });
    const retention = create({ store: flaky });
    retention.start();
    const next = async () => {
      const timer = time.due.shift();
      timer?.callback();
      while (time.due.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return timer?.delayMs;
    };
    assert.equal(await next(), 0);
    isDown = false;
    assert.equal(await next(), 60_000);
    assert.deepEqual(await names(), ['import-201603', 'import-202603', 'live-20260309']);
    time.clock.nowMs += 7 * DAY_MS;
    assert.equal(await next(), DAY_MS);
    assert.deepEqual(await names(), ['import-201603', 'import-202603']);
    await retention.stop();
    assert.equal(time.due.length, 0);
  });
});
