import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { DependencyError } from '../base/dependency-error.ts';
import type { Position, StoredEvent } from '../model/recorded-event.ts';
import type { CommitFeed } from '../store/commit-feed.ts';
import type { EventStore } from '../store/event-store.ts';
import { MemoryEventStore } from '../store/memory/memory-event-store.ts';
import { entryOf, SegmentWriter } from '../store/segment-writer.contract.ts';
import type { SearchQuery } from './search-filter.ts';
import { createTailEvents } from './tail-events.ts';

const tailsMax = 5;

const query: SearchQuery = {
  accountId: '111111111111',
  region: 'us-east-1',
  isAllAccounts: false,
  attributes: [],
};

/** A feed that stores as the drain does. */
class Feed implements CommitFeed {
  readonly store = new MemoryEventStore();
  readonly listeners = new Set<(committed: Position) => void>();
  readonly #segments: SegmentWriter;
  #committed: Position;

  constructor(segments: SegmentWriter) {
    this.#segments = segments;
    this.#committed = { journalId: segments.journalId, sequence: 0 };
  }
  committed(): Position {
    return this.#committed;
  }
  onCommit(listener: (committed: Position) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  async put(count: number, eventName = 'E'): Promise<void> {
    const segment = await this.#segments.write(Array.from({ length: count }, () => entryOf({ eventName })));
    await this.store.storeSegment(segment);
    this.#committed = { journalId: segment.journalId, sequence: segment.lastSequence };
    this.ring();
  }
  ring(): void {
    for (const listener of this.listeners) listener(this.#committed);
  }
}

let segments: SegmentWriter;
let feed: Feed;
beforeEach(async () => {
  segments = await SegmentWriter.open();
  feed = new Feed(segments);
});
afterEach(() => segments.dispose());

function iterate(events: AsyncIterable<StoredEvent>): AsyncIterator<StoredEvent> {
  return events[Symbol.asyncIterator]();
}

async function take(events: AsyncIterator<StoredEvent>, count: number): Promise<number[]> {
  const sequences: number[] = [];
  while (sequences.length < count) sequences.push((await events.next()).value.sequence);
  return sequences;
}

test('a tail gives every event stored after its start once and in order, however slowly it is read', async () => {
  await feed.put(3);
  const abort = new AbortController();
  const events = iterate(createTailEvents({ store: feed.store, feed, tailsMax })(query, abort.signal));
  await feed.put(1300);
  const first = await take(events, 700);
  await feed.put(200);
  const rest = await take(events, 800);
  assert.deepEqual(
    [...first, ...rest],
    Array.from({ length: 1500 }, (_, index) => index + 4),
  );
  abort.abort();
  assert.equal((await events.next()).done, true);
});

test('a tail that waits ends when its client goes away, and leaves nothing behind', async () => {
  const abort = new AbortController();
  const next = iterate(createTailEvents({ store: feed.store, feed, tailsMax })(query, abort.signal)).next();
  abort.abort();
  assert.equal((await next).done, true);
  assert.equal(feed.listeners.size, 0);
});

test('a tail outlives a restart of the event store without losing an event', async () => {
  let isDown = true;
  const flaky = Object.assign(Object.create(feed.store) as EventStore, {
    readAfter: (...args: Parameters<EventStore['readAfter']>) => {
      const failure = { dependency: 'engine', operation: 'read', isRetryable: true, reason: 'down' };
      return isDown ? Promise.reject(new DependencyError(failure)) : feed.store.readAfter(...args);
    },
  });
  const abort = new AbortController();
  const events = iterate(createTailEvents({ store: flaky, feed, tailsMax })(query, abort.signal));
  const taken = take(events, 3);
  await feed.put(2);
  isDown = false;
  await feed.put(1);
  assert.deepEqual(await taken, [1, 2, 3]);
  abort.abort();
  await events.next();
});

test('no more tails than the bound are open, and a closed one makes room', async () => {
  const tail = createTailEvents({ store: feed.store, feed, tailsMax });
  const abort = new AbortController();
  const waiting = Array.from({ length: tailsMax }, () => iterate(tail(query, abort.signal)).next());
  assert.throws(() => tail(query, abort.signal), { code: 'ThrottlingException' });
  abort.abort();
  await Promise.all(waiting);
  tail(query, new AbortController().signal);
});
