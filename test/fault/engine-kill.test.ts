import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import { Drain } from '../../src/drain/drain.ts';
import { StoreLock } from '../../src/drain/store-lock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { openTestStore } from '../../src/store/clickhouse/embedded-store.contract.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { createMemoryCatalog } from '../../src/store/memory/memory-catalog.ts';
import { entryOf } from '../../src/store/segment-writer.contract.ts';
import { seededRandom } from '../harness/seeded-random.ts';

/** `OPENTRAIL_FAULT_SEEDS=50` runs the whole suite; a few by default. */
const SEEDS_COUNT = Number(process.env.OPENTRAIL_FAULT_SEEDS ?? 5);
const KILLS_COUNT = 3;
const BATCH = 500;

/** The store, telling when an insert is under way. */
function watchInserts(store: EventStore) {
  let inFlight = 0;
  let started = Promise.withResolvers<void>();
  const watched = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'storeSegment') return member.bind(target);
      return async (...args: unknown[]) => {
        inFlight++;
        started.resolve();
        started = Promise.withResolvers();
        try {
          return await Reflect.apply(member, target, args);
        } finally {
          inFlight--;
        }
      };
    },
  });
  return { watched, isInFlight: () => inFlight > 0, nextInsert: () => started.promise };
}

describe('kill -9 of the engine under load', () => {
  for (let seed = 1; seed <= SEEDS_COUNT; seed++) {
    it(`loses no event, doubles none and refuses none (seed ${seed})`, async () => {
      const random = seededRandom(seed);
      const folder = await mkdtemp(join(tmpdir(), 'engine-kill-'));
      const opened = await openTestStore();
      const journal = await openJournal({
        directory: folder,
        sizeBytesMax: 1 << 30,
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
        metrics: noMetrics,
        segmentEventsMax: 2_000,
      });
      const { watched, isInFlight, nextInsert } = watchInserts(opened.store);
      const drain = await Drain.open({
        journal,
        store: watched,
        catalog: createMemoryCatalog(),
        lock: new StoreLock(),
        clock: systemClock,
        log: silentLog,
        metrics: noMetrics,
        sealAfterMs: 20,
      });
      try {
        drain.start();
        let isOver = false;
        let appendedCount = 0;
        const load = (async () => {
          while (!isOver) {
            const { lastSequence } = await journal.append(Array.from({ length: BATCH }, () => entryOf()));
            appendedCount = lastSequence;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        })();
        const killed = new Set<number>();
        for (let attempt = 0; killed.size < KILLS_COUNT && attempt < 100; attempt++) {
          await nextInsert();
          // An insert takes some tens of milliseconds: from before its first byte to just after its last.
          await new Promise((resolve) => setTimeout(resolve, random() * 40));
          const { pid } = opened.engine;
          // Only a kill that meets an insert counts.
          if (pid === undefined || !isInFlight()) continue;
          process.kill(pid, 'SIGKILL');
          killed.add(pid);
        }
        isOver = true;
        await load;
        assert.equal(killed.size, KILLS_COUNT, 'every kill met an insert in flight');
        await drain.waitForCommit(appendedCount, AbortSignal.timeout(60_000));
        const { journalId } = journal;
        const totals = [{ journalId, highestSequence: appendedCount, eventsCount: appendedCount }];
        assert.deepEqual(await opened.store.totals(), totals);
        let expected = 1;
        for await (const { sequence } of opened.store.lines(journalId, 1, appendedCount)) {
          assert.equal(sequence, expected++);
        }
        assert.equal(expected, appendedCount + 1);
      } finally {
        await drain.stop();
        await journal.close();
        await opened.dispose();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
