import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../base/clock.ts';
import { MemoryEventStore } from '../store/memory/memory-event-store.ts';
import { entryOf, SegmentWriter } from '../store/segment-writer.contract.ts';
import { createLookupEvents, type LookupEventsQuery } from './lookup-events.ts';
import { createPageTokens } from './page-token.ts';
import { createEventSearch } from './search-events.ts';

const nowMs = Date.UTC(2026, 10, 21);
const clock = { now: () => nowMs } as Clock;
const tokens = createPageTokens({ key: Buffer.alloc(32, 3), clock });
const query: LookupEventsQuery = {
  accountId: '111111111111',
  region: 'us-east-1',
  attributes: [],
  isInsight: false,
  maxResults: 50,
};

/** Events so many seconds before now, in one store. */
async function storeOf(secondsAgo: readonly number[]): Promise<MemoryEventStore> {
  const store = new MemoryEventStore();
  const segments = await SegmentWriter.open();
  const at = (seconds: number) => `${new Date(nowMs - seconds * 1000).toISOString().slice(0, 19)}Z`;
  await store.storeSegment(
    await segments.write(secondsAgo.map((seconds) => entryOf({ eventTime: at(seconds) }))),
  );
  await segments.dispose();
  return store;
}

test('pages of any sizes give every event in range once, newest first, however many share a second', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(6), { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      fc.nat(6),
      fc.nat(6),
      async (secondsAgo, sizes, oldest, newest) => {
        const store = await storeOf(secondsAgo);
        const lookupEvents = createLookupEvents({ store, tokens, clock });
        const [from, to] = oldest > newest ? [oldest, newest] : [newest, oldest];
        const range = { ...query, startTime: nowMs / 1000 - from, endTime: nowMs / 1000 - to };
        const keys: string[] = [];
        let nextToken: string | undefined;
        for (let page = 0; page === 0 || nextToken !== undefined; page += 1) {
          const maxResults = sizes[page % sizes.length] ?? 1;
          const found = await lookupEvents({
            ...range,
            maxResults,
            ...(nextToken === undefined ? {} : { nextToken }),
          });
          assert.ok(found.events.length <= maxResults);
          keys.push(
            ...found.events.map(({ raw }) => `${JSON.parse(raw).eventTime} ${JSON.parse(raw).eventID}`),
          );
          nextToken = found.nextToken;
        }
        const expected = secondsAgo.filter((seconds) => seconds <= from && seconds >= to).length;
        assert.equal(new Set(keys).size, expected);
        assert.deepEqual(keys, [...keys].sort().reverse());
      },
    ),
    { numRuns: 60 },
  );
});

test('a token of one operation is nothing to the other', async () => {
  const store = await storeOf([1, 2, 3]);
  const page = await createLookupEvents({ store, tokens, clock })({ ...query, maxResults: 1 });
  const search = createEventSearch({ store, tokens });
  const wide = { ...query, isAllAccounts: false };
  const nextToken = page.nextToken ?? '';
  await assert.rejects(search.search(wide, { maxResults: 1, nextToken }), {
    code: 'InvalidNextTokenException',
  });
});

test('an event exactly 90 days old is found, one a second older is not', async () => {
  const days = 90 * 24 * 60 * 60;
  const lookupEvents = createLookupEvents({ store: await storeOf([days, days + 1]), tokens, clock });
  assert.equal((await lookupEvents(query)).events.length, 1);
  assert.equal((await lookupEvents({ ...query, startTime: 0 })).events.length, 1);
});
