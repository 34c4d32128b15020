import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { JournalEntry, StoredEvent } from '../model/recorded-event.ts';
import type { EventFilter, EventStore, PageKey } from './event-store.ts';
import { entryOf } from './segment-writer.contract.ts';

const ALL: EventFilter = { accountIds: 'all' };

export interface PagesContext {
  readonly store: EventStore;
  put(...entries: JournalEntry[]): Promise<unknown>;
}

/** The part of the contract of event stores that is about the order of pages; the store is empty before each test. */
export function itGivesPages(context: () => PagesContext) {
  it('pages newest first without leaving out or repeating an event while newer ones arrive', async () => {
    const { store, put } = context();
    const times = [5, 5, 5, 4, 4, 3, 2, 2, 1, 0];
    await put(
      ...times.map((second) =>
        entryOf({ eventTime: `2026-03-02T09:14:0${second}Z`, eventName: `${second}` }),
      ),
    );
    const seen: StoredEvent[] = [];
    for (;;) {
      const page = await store.find(ALL, { limit: 3, ...behind(seen) });
      if (page.length === 0) break;
      seen.push(...page);
      await put(entryOf({ eventTime: '2026-03-02T10:00:00Z' }));
    }
    assert.deepEqual(
      names(seen),
      times.map((second) => `${second}`),
    );
  });

  it('gives events of one second newest recorded first, whatever their ids, in pages that stay', async () => {
    const { store, put } = context();
    const wanted = Array.from({ length: 15 }, (_, index) => String.fromCharCode(65 + index));
    const record = (names: readonly string[]) =>
      put(...names.map((eventName) => entryOf({ eventName, eventID: crypto.randomUUID() })));
    // Numbers of one and of two digits, in two segments.
    await record(wanted.slice(0, 4));
    await record(wanted.slice(4));
    assert.deepEqual(names(await store.find(ALL, { limit: 20 })), wanted.toReversed());
    for (const limit of [1, 2, 7]) {
      const atFirst = await store.find(ALL, { limit: 100 });
      const seen: StoredEvent[] = [];
      for (;;) {
        const filter = { accountIds: ['111111111111'], regions: ['us-east-1'] };
        const page = await store.find(filter, { limit, ...behind(seen) });
        seen.push(...page);
        if (page.length < limit) break;
        await record(['later']);
      }
      assert.deepEqual(seen, atFirst);
    }
  });

  it('pages through events of the same time and id, each once, whatever the size of the page', async () => {
    const { store, put } = context();
    const same = { eventID: '0d8b2b6e-7c1e-4a69-8d7c-8c2a5c8fce01', eventTime: '2026-03-02T09:14:05Z' };
    const wanted = ['A', 'B', 'C', 'D', 'E'];
    await put(...wanted.slice(0, 3).map((eventName) => entryOf({ ...same, eventName })));
    await put(...wanted.slice(3).map((eventName) => entryOf({ ...same, eventName })));
    const seen: StoredEvent[] = [];
    for (;;) {
      const page = await store.find(ALL, { limit: 2, ...behind(seen) });
      seen.push(...page);
      if (page.length < 2) break;
    }
    assert.deepEqual(names(seen), wanted.toReversed());
  });

  it('finds what is years apart in one page, whatever the windows that it looks through', async () => {
    const { store, put } = context();
    const times = ['2033', '2026', '2025', '2019', '2009', '1999'].map((year) => `${year}-05-06T07:08:09Z`);
    await put(...times.map((eventTime) => entryOf({ eventTime, eventName: eventTime.slice(0, 4) })));
    const found = await store.find(ALL, { limit: 100 });
    assert.deepEqual(names(found), ['2033', '2026', '2025', '2019', '2009', '1999']);
    const sinceMs = Date.UTC(2009, 0, 1);
    assert.equal((await store.find({ ...ALL, sinceMs }, { limit: 100 })).length, 5);
  });
}

/** Continues behind the last of these. */
function behind(seen: readonly StoredEvent[]): { after?: PageKey } {
  const last = seen.at(-1);
  if (last === undefined) return {};
  const { journalId, sequence } = last;
  return { after: { eventTimeMs: Date.parse(eventOf(last).eventTime), journalId, sequence } };
}

function eventOf(event: StoredEvent): { eventTime: string; eventName: string } {
  return JSON.parse(event.raw) as { eventTime: string; eventName: string };
}

const names = (events: readonly StoredEvent[]) => events.map((event) => eventOf(event).eventName);
