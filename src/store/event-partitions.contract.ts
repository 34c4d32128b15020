import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { JournalEntry } from '../model/recorded-event.ts';
import type { EventStore, SegmentToStore } from './event-store.ts';
import { entryOf } from './segment-writer.contract.ts';

const ALL = { accountIds: 'all' } as const;

export interface PartitionContext {
  readonly store: EventStore;
  readonly journalId: string;
  put(...entries: JournalEntry[]): Promise<SegmentToStore>;
}

/** The part of the contract of event stores that is about partitions; the store is empty before each test. */
export function itKeepsPartitions(context: () => PartitionContext) {
  it('keeps weeks of live events and months of imported ones apart, and drops one alone', async () => {
    const { store, journalId, put } = context();
    const import_ = { origin: 'import' } as const;
    await put(
      entryOf({ eventTime: '2026-03-02T00:00:00Z' }),
      entryOf({ eventTime: '2026-03-08T23:59:59Z' }),
      entryOf({ eventTime: '2026-03-09T00:00:00Z' }),
      entryOf({ eventTime: '2026-03-02T12:00:00Z' }, import_),
      entryOf({ eventTime: '2026-02-28T12:00:00Z' }, import_),
    );
    const partitions = await store.partitions();
    assert.deepEqual(
      partitions.map(({ name, eventsCount }) => [name, eventsCount]),
      [
        ['import-202602', 1],
        ['import-202603', 1],
        ['live-20260302', 2],
        ['live-20260309', 1],
      ],
    );
    const [february, , week] = partitions;
    assert.equal(february?.origin, 'import');
    assert.equal(february?.fromMs, Date.UTC(2026, 1, 1));
    assert.equal(february?.toMs, Date.UTC(2026, 2, 1) - 1);
    assert.equal(week?.fromMs, Date.UTC(2026, 2, 2));
    assert.equal(week?.toMs, Date.UTC(2026, 2, 9) - 1);
    assert.ok((week?.sizeBytes ?? 0) > 0);
    assert.deepEqual(await store.sequenceRanges('live-20260302'), [
      { journalId, firstSequence: 1, lastSequence: 2, eventsCount: 2 },
    ]);
    await store.dropPartition('live-20260302');
    assert.deepEqual(await store.sequenceRanges('live-20260302'), []);
    assert.deepEqual(await store.totals(), [{ journalId, highestSequence: 5, eventsCount: 3 }]);
    await assert.rejects(store.dropPartition(`live-1' OR 1`));
  });

  it('tells exactly which sequence numbers a partition holds, whatever lies between them', async () => {
    const { store, journalId, put } = context();
    const origins = ['live', 'live', 'import', 'live', 'import', 'import', 'live'] as const;
    await put(...origins.map((origin) => entryOf({}, { origin })));
    assert.deepEqual(await store.sequenceRanges('live-20260302'), [
      { journalId, firstSequence: 1, lastSequence: 2, eventsCount: 2 },
      { journalId, firstSequence: 4, lastSequence: 4, eventsCount: 1 },
      { journalId, firstSequence: 7, lastSequence: 7, eventsCount: 1 },
    ]);
  });

  it('stores a segment again whose partition was dropped, and then once', async () => {
    const { store, put } = context();
    const segment = await put(entryOf(), entryOf({ eventTime: '2026-03-09T00:00:00Z' }));
    await store.dropPartition('live-20260302');
    await store.storeSegment(segment);
    await store.storeSegment(segment);
    assert.equal(await store.count(ALL), 2);
  });

  it('takes a segment that spans more months than the engine allows in one insert by default', async () => {
    const { store, put } = context();
    const entries = Array.from({ length: 240 }, (_, month) =>
      entryOf({ eventTime: new Date(Date.UTC(2006, month, 3)).toISOString() }, { origin: 'import' }),
    );
    const segment = await put(...entries);
    await store.storeSegment(segment);
    assert.equal((await store.partitions()).length, 240);
    assert.equal(await store.count(ALL), 240);
  });
}
