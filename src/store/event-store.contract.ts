import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { encodeJournalLine } from '../model/journal-line.ts';
import type { JournalEntry, StoredEvent } from '../model/recorded-event.ts';
import { itGivesPages } from './event-pages.contract.ts';
import { itKeepsPartitions } from './event-partitions.contract.ts';
import type { EventAttribute, EventFilter, EventStore } from './event-store.ts';
import { entryOf, SegmentWriter } from './segment-writer.contract.ts';

const ALL: EventFilter = { accountIds: 'all' };

export interface OpenedStore {
  readonly store: EventStore;
  dispose(): Promise<void>;
}

/** What every backend of the event store holds to; `open` gives a new empty one. */
export function describeEventStore(backend: string, open: () => Promise<OpenedStore>) {
  describe(`event store on ${backend}`, () => {
    let opened: OpenedStore;
    let store: EventStore;
    let writer: SegmentWriter;

    before(async () => {
      opened = await open();
      store = opened.store;
    });
    after(() => opened.dispose());
    beforeEach(async () => {
      for (const { name } of await store.partitions()) await store.dropPartition(name);
      writer = await SegmentWriter.open(crypto.randomUUID());
    });
    afterEach(() => writer.dispose());

    const put = async (...entries: JournalEntry[]) => {
      const segment = await writer.write(entries);
      await store.storeSegment(segment);
      return segment;
    };
    const names = (events: readonly StoredEvent[]) => events.map(nameOf);

    it('answers nothing while it is empty', async () => {
      assert.deepEqual(await store.find(ALL, { limit: 10 }), []);
      assert.equal(await store.count(ALL), 0);
      assert.deepEqual(await store.totals(), []);
      assert.deepEqual(await store.partitions(), []);
      await store.ping(5_000);
    });

    it('gives every stored line back byte for byte, however it would break out of a statement', async () => {
      const hostile = [
        `'); DROP TABLE opentrail.events; --`,
        '\\',
        `\\'`,
        '\u0000',
        '\u2028\u2029',
        '\n\n',
        '\r\n',
        '\t',
        '"}',
        '🙂\ud800 lone',
        '#',
        `INSERT INTO opentrail.events FORMAT JSONEachRow`,
        '{x:String} $$ /* */ -- \' " `',
        '\u007f\u0085\ufffd\ufeff',
      ];
      const entries = hostile.map((text) =>
        entryOf({ eventName: text, text }, { username: text, resources: [{ type: null, name: text }] }),
      );
      const segment = await put(...entries);
      const lines = await collect(store.lines(writer.journalId, segment.firstSequence, segment.lastSequence));
      assert.deepEqual(
        lines,
        entries.map((entry, index) => ({ sequence: index + 1, line: encodeJournalLine(index + 1, entry) })),
        'and no column is another than its line gives',
      );
      assert.equal(
        (await collect(store.lines(writer.journalId, 0, Number.MAX_SAFE_INTEGER))).length,
        lines.length,
      );
      const readable = hostile.filter((text) => !text.includes('lone'));
      for (const value of readable) {
        for (const key of ['EventName', 'Username', 'ResourceName'] as const) {
          const found = await store.find({ ...ALL, attributes: [{ key, value }] }, { limit: 10 });
          assert.deepEqual(names(found), [value], key);
        }
      }
      const key = 'AccessKeyId';
      assert.equal(await store.count({ ...ALL, attributes: [{ key, value: 'AKIAALICE' }] }), hostile.length);
    });

    it('passes over frames and blank lines, which are no events', async () => {
      const entries = [entryOf({ eventName: 'A' }), entryOf({ eventName: 'B' })];
      const between = `\n#\tbatch\t{"x":1}\n# ${JSON.stringify({ eventName: 'Frame' })}\n\n`;
      await store.storeSegment(await writer.write(entries, { between }));
      assert.deepEqual(names(await store.find(ALL, { limit: 10 })).sort(), ['A', 'B']);
    });

    it('leaves out the sequence numbers that are set aside', async () => {
      const entries = ['A', 'B', 'C'].map((eventName) => entryOf({ eventName }));
      await store.storeSegment(await writer.write(entries, { skip: [2] }));
      assert.deepEqual(names(await store.find(ALL, { limit: 10 })).sort(), ['A', 'C']);
    });

    it('stores a segment once however often it is called', async () => {
      const segment = await put(entryOf(), entryOf());
      await store.storeSegment(segment);
      await Promise.all([store.storeSegment(segment), store.storeSegment(segment)]);
      assert.equal(await store.count(ALL), 2);
    });

    it('refuses to call a segment stored whose events are fewer than it tells', async () => {
      const segment = await writer.write([entryOf()]);
      await assert.rejects(store.storeSegment({ ...segment, eventsCount: 2 }), { name: 'DependencyError' });
    });

    it('does nothing more once its signal is aborted', async () => {
      const signal = AbortSignal.abort();
      await assert.rejects(store.storeSegment(await writer.write([entryOf()]), signal), {
        name: 'AbortError',
      });
      await assert.rejects(store.find(ALL, { limit: 1 }, signal), { name: 'AbortError' });
      assert.equal(await store.count(ALL), 0);
    });

    it('finds an event by each attribute, by the whole value and its case', async () => {
      const wanted = entryOf(
        {
          eventID: '11111111-1111-4111-8111-111111111111',
          eventName: 'DeleteUser',
          eventSource: 's3.amazonaws.com',
          readOnly: true,
          awsRegion: 'eu-central-1',
          errorCode: 'AccessDenied',
          sourceIPAddress: '203.0.113.9',
          requestID: 'wanted-request',
          eventType: 'AwsServiceEvent',
          eventCategory: 'Data',
          recipientAccountId: '222222222222',
          userIdentity: { type: 'AssumedRole', arn: 'arn:wanted', accessKeyId: 'ASIAWANTED' },
        },
        {
          origin: 'import',
          verification: 'none',
          username: 'bob',
          resources: [
            { type: 'AWS::S3::Bucket', name: 'first' },
            { type: null, name: 'second' },
          ],
        },
      );
      await put(entryOf(), wanted, entryOf());
      const values: Record<EventAttribute, string> = {
        EventId: '11111111-1111-4111-8111-111111111111',
        EventName: 'DeleteUser',
        EventSource: 's3.amazonaws.com',
        ReadOnly: 'true',
        Username: 'bob',
        ResourceType: 'AWS::S3::Bucket',
        ResourceName: 'second',
        AccessKeyId: 'ASIAWANTED',
        AccountId: '222222222222',
        AwsRegion: 'eu-central-1',
        ErrorCode: 'AccessDenied',
        SourceIpAddress: '203.0.113.9',
        UserIdentityArn: 'arn:wanted',
        UserIdentityType: 'AssumedRole',
        EventCategory: 'Data',
        EventType: 'AwsServiceEvent',
        RequestId: 'wanted-request',
        Verification: 'none',
        Origin: 'import',
      };
      for (const [key, value] of Object.entries(values) as [EventAttribute, string][]) {
        const [found, ...others] = await store.find({ ...ALL, attributes: [{ key, value }] }, { limit: 10 });
        assert.equal(found?.raw, wanted.raw, key);
        assert.deepEqual(found?.meta, wanted.meta);
        assert.deepEqual(others, [], key);
        assert.equal(await store.count({ ...ALL, attributes: [{ key, value: `${value}x` }] }), 0, key);
        if (value === value.toUpperCase()) continue;
        assert.equal(await store.count({ ...ALL, attributes: [{ key, value: value.toUpperCase() }] }), 0);
      }
    });

    it('holds all conditions of a filter together', async () => {
      await put(
        entryOf({ eventName: 'A', readOnly: true }),
        entryOf({ eventName: 'B', errorCode: 'Denied', awsRegion: 'eu-west-1' }),
        entryOf({ eventName: 'C', eventCategory: 'Data', recipientAccountId: '222222222222' }),
        entryOf({ eventName: 'D', eventTime: '2026-03-02T09:14:06.5Z' }),
        entryOf({ eventName: 'E', readOnly: undefined }),
      );
      const check = async (filter: Partial<EventFilter>, expected: string) => {
        const found = await store.find({ ...ALL, ...filter }, { limit: 10 });
        assert.equal(names(found).sort().join(''), expected, JSON.stringify(filter));
        assert.equal(await store.count({ ...ALL, ...filter }), expected.length);
      };
      const at = Date.UTC(2026, 2, 2, 9, 14, 5);
      await check({}, 'ABCDE');
      await check({ accountIds: ['222222222222'] }, 'C');
      await check({ accountIds: [] }, '');
      await check({ accountIds: ['111111111111'], regions: ['eu-west-1', 'eu-west-2'] }, 'B');
      await check({ categories: ['Data', 'Insight'] }, 'C');
      await check({ sinceMs: at, untilMs: at }, 'ABCE');
      await check({ sinceMs: at + 1, untilMs: at + 1_499 }, '');
      await check({ sinceMs: at + 1, untilMs: at + 1_500 }, 'D');
      await check({ isError: true }, 'B');
      await check({ isError: false }, 'ACDE');
      await check({ isReadOnly: true }, 'A');
      await check({ isReadOnly: false }, 'BCD');
      await check({ origin: 'import' }, '');
      await check({ text: 'DENIED' }, 'B');
      await check({ text: '%' }, '');
      await check({ isError: true, accountIds: ['222222222222'] }, '');
    });

    itGivesPages(() => ({ store, put }));

    it('keeps and finds an event whose time cannot be read, under the time of its recording', async () => {
      const times = ['yesterday', '', null, 5, '2026-02-30T00:00:00Z', '2026-02-03T25:00:00Z', '99999'];
      const recordedAt = Date.UTC(2026, 4, 5);
      await put(
        ...times.map((eventTime) => entryOf({ eventTime, eventName: `${eventTime}` }, { recordedAt })),
      );
      const found = await store.find({ ...ALL, sinceMs: recordedAt, untilMs: recordedAt }, { limit: 10 });
      assert.deepEqual(names(found).sort(), times.map((time) => `${time}`).sort());
    });

    it('keeps and finds records of old versions and of wrong types', async () => {
      const old = { eventCategory: undefined, recipientAccountId: undefined };
      await put(
        entryOf({ ...old, eventName: 'A' }),
        entryOf({ ...old, eventName: 'B', managementEvent: false }),
        entryOf({ ...old, eventName: 'C', eventType: 'AwsCloudTrailInsight', managementEvent: undefined }),
        entryOf({ eventName: 'D', userIdentity: 'nobody', readOnly: 'true', resources: 7, errorCode: null }),
        entryOf({ eventName: 42 }),
      );
      const category = async (value: 'Management' | 'Data' | 'Insight') =>
        names(await store.find({ accountIds: ['111111111111'], categories: [value] }, { limit: 9 })).sort();
      assert.deepEqual(await category('Management'), ['42', 'A', 'D']);
      assert.deepEqual(await category('Data'), ['B']);
      assert.deepEqual(await category('Insight'), ['C']);
      assert.equal(await store.count({ ...ALL, attributes: [{ key: 'EventName', value: '42' }] }), 1);
      assert.equal(await store.count({ ...ALL, attributes: [{ key: 'UserIdentityType', value: '' }] }), 1);
    });

    it('keeps and finds what is not an event at all', async () => {
      const { meta } = entryOf();
      await put({ meta, raw: 'not json' }, { meta, raw: '{"eventName":"cut' }, { meta, raw: '{}' });
      assert.equal(await store.count({ ...ALL, text: 'NOT JSON' }), 1);
      assert.equal((await store.find(ALL, { limit: 10 })).length, 3);
    });

    it('counts the values of an attribute, the most frequent first', async () => {
      await put(
        entryOf({ errorCode: 'B' }),
        entryOf({ errorCode: 'A' }, { resources: [{ type: 'T', name: 'x' }] }),
        entryOf({ errorCode: 'C' }),
        entryOf(
          { errorCode: 'C' },
          {
            resources: [
              { type: 'T', name: 'x' },
              { type: null, name: 'y' },
            ],
          },
        ),
        entryOf(),
      );
      assert.deepEqual(await store.facet(ALL, 'ErrorCode', 2), [
        { value: 'C', count: 2 },
        { value: 'A', count: 1 },
      ]);
      assert.deepEqual(await store.facet(ALL, 'ResourceName', 5), [
        { value: 'x', count: 2 },
        { value: 'y', count: 1 },
      ]);
      assert.deepEqual(await store.facet(ALL, 'ResourceType', 5), [{ value: 'T', count: 2 }]);
      assert.deepEqual(await store.facet(ALL, 'Origin', 5), [{ value: 'live', count: 5 }]);
    });

    it('gives followers the live events of their journal alone, in order, as far as it is committed', async () => {
      const origins = ['live', 'import', 'live', 'live', 'live'] as const;
      const times = ['05', '04', '03', '09', '01'];
      const entries = origins.map((origin, index) =>
        entryOf({ eventName: `${index + 1}`, eventTime: `2026-03-02T09:14:${times[index]}Z` }, { origin }),
      );
      await put(...entries);
      const { journalId } = writer;
      const read = async (sequence: number, upTo: number, limit: number) =>
        (await store.readAfter({ journalId, sequence }, upTo, { limit })).map((event) => event.sequence);
      assert.deepEqual(await read(0, 5, 10), [1, 3, 4, 5]);
      assert.deepEqual(await read(1, 4, 10), [3, 4]);
      assert.deepEqual(await read(1, 5, 2), [3, 4]);
      assert.deepEqual(await store.readAfter({ journalId: 'other', sequence: 0 }, 9, { limit: 9 }), []);
      const filter = { ...ALL, attributes: [{ key: 'EventName', value: '4' }] } as const;
      const found = await store.readAfter({ journalId, sequence: 0 }, 9, { filter, limit: 9 });
      assert.deepEqual(names(found), ['4']);
    });

    it('tells which event ids it holds, with the hash of their record', async () => {
      const entries = [entryOf({ eventID: 'id-1' }), entryOf({ eventID: `id-'2` }), entryOf()];
      await put(...entries);
      const hashOf = (index: number) =>
        createHash('sha256')
          .update(entries[index]?.raw ?? '')
          .digest('hex');
      const found = await store.existing(['id-1', `id-'2`, 'id-3']);
      assert.deepEqual(
        [...found].sort(),
        [
          ['id-1', hashOf(0)],
          [`id-'2`, hashOf(1)],
        ].sort(),
      );
      const at = Date.UTC(2026, 2, 2, 9, 14, 5);
      assert.equal((await store.existing(['id-1'], { sinceMs: at, untilMs: at })).size, 1);
      assert.equal((await store.existing(['id-1'], { sinceMs: at + 1, untilMs: at + 9 })).size, 0);
      assert.equal((await store.existing([])).size, 0);
      const ids = (await collect(store.eventIds())).flat();
      const expected = entries.map(({ raw }) => (JSON.parse(raw) as { eventID: string }).eventID);
      assert.deepEqual(ids.sort(), expected.sort());
    });

    itKeepsPartitions(() => ({ store, journalId: writer.journalId, put }));
  });
}

function eventOf(event: StoredEvent): { eventTime: string; eventID: string; eventName: string } {
  return JSON.parse(event.raw) as { eventTime: string; eventID: string; eventName: string };
}

function nameOf(event: StoredEvent): string {
  try {
    return String(eventOf(event).eventName);
  } catch {
    return '';
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
