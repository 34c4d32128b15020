import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { JournalEntry, StoredEvent } from '../../model/recorded-event.ts';
import type { EventAttribute, EventFilter, PageKey } from '../event-store.ts';
import { MemoryEventStore } from '../memory/memory-event-store.ts';
import { entryOf, SegmentWriter } from '../segment-writer.contract.ts';
import { ClickHouseHttp } from './clickhouse-http.ts';
import { openTestStore, type TestStore } from './embedded-store.contract.ts';

const START = Date.UTC(2024, 11, 25);
const DAY_MS = 86_400_000;
const WORDS = ['alpha', 'Beta', "o'Brien", 'back\\slash', 'ünï', ''] as const;

const word = fc.constantFrom(...WORDS);
const time = fc
  .integer({ min: 0, max: 800 * DAY_MS })
  .map((offset) => START + Math.floor(offset / 1_000) * 1_000);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const entry: fc.Arbitrary<JournalEntry> = fc
  .record({
    at: time,
    name: word,
    error: optional(word),
    readOnly: optional(fc.boolean()),
    region: fc.constantFrom('us-east-1', 'eu-west-1'),
    account: fc.constantFrom('111111111111', '222222222222'),
    category: optional(fc.constantFrom('Management', 'Data', 'Insight')),
    managementEvent: optional(fc.boolean()),
    username: optional(word),
    origin: fc.constantFrom('live' as const, 'import' as const),
    resources: fc.array(fc.record({ type: fc.constantFrom(null, 'T1', 'T2'), name: word }), { maxLength: 3 }),
  })
  .map((event) => {
    const { username, origin, resources } = event;
    const entry = entryOf(
      {
        eventTime: new Date(event.at).toISOString().replace('.000Z', 'Z'),
        eventName: event.name,
        errorCode: event.error,
        readOnly: event.readOnly,
        awsRegion: event.region,
        recipientAccountId: event.account,
        eventCategory: event.category,
        managementEvent: event.managementEvent,
      },
      { origin, resources },
    );
    const { username: _, ...meta } = entry.meta;
    return { raw: entry.raw, meta: username === undefined ? meta : { ...meta, username } };
  });

const attribute = fc.constantFrom<EventAttribute>(
  'EventName',
  'Username',
  'ErrorCode',
  'ReadOnly',
  'ResourceName',
  'ResourceType',
  'AwsRegion',
  'EventCategory',
  'Origin',
);

const filter: fc.Arbitrary<EventFilter> = fc
  .record({
    accountIds: fc.constantFrom<EventFilter['accountIds']>(
      'all',
      ['111111111111'],
      ['111111111111', '3'],
      [],
    ),
    regions: optional(fc.constantFrom(['us-east-1'], ['eu-west-1', 'us-east-1'])),
    categories: optional(
      fc.constantFrom<EventFilter['categories'] & {}>(['Management'], ['Data', 'Insight']),
    ),
    sinceMs: optional(time),
    untilMs: optional(time),
    attributes: optional(
      fc.array(fc.record({ key: attribute, value: fc.oneof(word, fc.constantFrom('true', 'T1', 'live')) }), {
        maxLength: 2,
      }),
    ),
    text: optional(fc.constantFrom('ALPHA', "O'b", '\\\\', 'us-east', '%', '')),
    isError: optional(fc.boolean()),
    isReadOnly: optional(fc.boolean()),
    origin: optional(fc.constantFrom('live' as const, 'import' as const)),
  })
  .map((members) => dropUndefined(members) as unknown as EventFilter);

function dropUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

describe('random filters', () => {
  const memory = new MemoryEventStore();
  let opened: TestStore;
  let writer: SegmentWriter;
  before(async () => {
    opened = await openTestStore();
    writer = await SegmentWriter.open();
    for (const seed of [1, 2, 3]) {
      const segment = await writer.write(fc.sample(entry, { numRuns: 200, seed }));
      await memory.storeSegment(segment);
      await opened.store.storeSegment(segment);
    }
  });
  after(async () => {
    await writer.dispose();
    await opened.dispose();
  });

  it('find an empty type of a resource behind one that has a type', async () => {
    const given = { accountIds: 'all' as const, attributes: [{ key: 'ResourceType' as const, value: '' }] };
    const expected = await memory.find(given, { limit: 50 });
    assert.ok(
      expected.some(({ meta }) => meta.resources[0]?.type != null && meta.resources[1]?.type === null),
    );
    assert.deepEqual(await opened.store.find(given, { limit: 50 }), expected);
  });

  const checkSame = async (numRuns: number) => {
    const { store } = opened;
    await fc.assert(
      fc.asyncProperty(filter, attribute, fc.integer({ min: 1, max: 60 }), async (given, by, limit) => {
        const first = await memory.find(given, { limit });
        assert.deepEqual(await store.find(given, { limit }), first);
        const last = first.at(-1);
        if (last !== undefined) {
          const after = pageKey(last);
          assert.deepEqual(
            await store.find(given, { limit, after }),
            await memory.find(given, { limit, after }),
          );
        }
        assert.equal(await store.count(given), await memory.count(given));
        assert.deepEqual(await store.facet(given, by, 5), await memory.facet(given, by, 5));
        const after = { journalId: writer.journalId, sequence: 100 };
        const options = { filter: given, limit };
        assert.deepEqual(
          await store.readAfter(after, 500, options),
          await memory.readAfter(after, 500, options),
        );
      }),
      { numRuns },
    );
  };

  it('find, count and group the same in the engine as in memory', () => checkSame(150));

  it('find the same once parts and their indexes are merged', async () => {
    const http = new ClickHouseHttp({
      url: 'http://engine',
      socketPath: opened.engine.socketPath,
      checkReady: () => undefined,
    });
    await http.command({
      lane: 'insert',
      operation: 'test',
      sql: 'OPTIMIZE TABLE opentrail.events FINAL',
    });
    await http.close();
    await checkSame(50);
  });
});

function pageKey({ raw, journalId, sequence }: StoredEvent): PageKey {
  const { eventTime } = JSON.parse(raw) as { eventTime: string };
  return { eventTimeMs: Date.parse(eventTime), journalId, sequence };
}
