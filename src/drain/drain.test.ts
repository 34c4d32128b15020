import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import { type Log, silentLog } from '../base/log.ts';
import { type Metrics, noMetrics } from '../base/metrics.ts';
import type { Journal, SealedSegment } from '../journal/journal.ts';
import type { Catalog } from '../store/catalog.ts';
import type { EventStore } from '../store/event-store.ts';
import { createMemoryCatalog } from '../store/memory/memory-catalog.ts';
import { MemoryEventStore } from '../store/memory/memory-event-store.ts';
import { entryOf, SegmentWriter } from '../store/segment-writer.contract.ts';
import { Drain, type DrainOptions, STORE_CURSOR } from './drain.ts';
import { StoreLock } from './store-lock.ts';

// Time passes at once.
const hurriedClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (_, callback) => {
    const handle = setImmediate(callback);
    return { cancel: () => clearImmediate(handle) };
  },
  sleep: (_, signal) =>
    new Promise((resolve, reject) => {
      setImmediate(() => (signal?.aborted ? reject(signal.reason) : resolve()));
    }),
};

/** Sealed segments on disk, as a journal hands them out: in order, from the first that is not released. */
class SealedSegments {
  readonly segments: SealedSegment[] = [];
  readonly released = new Set<string>();
  readonly #waiting: (() => void)[] = [];

  add(segment: SealedSegment) {
    this.segments.push(segment);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** A journal as it is after a start: what is not released is handed out again. */
  open(journalId: string): Journal {
    let next = 0;
    const { segments, released } = this;
    async function* nothing() {}
    const refuse = () => Promise.reject(new Error('not part of this test'));
    return {
      journalId,
      append: refuse,
      openIntent: refuse,
      cancelIntent: refuse,
      orphanedIntents: [],
      head: () => ({ journalId, sequence: segments.at(-1)?.lastSequence ?? 0, hash: '' }),
      usage: () => ({ sizeBytes: 0, sizeBytesMax: 0, reservedBytes: 0, refusal: undefined }),
      takeSealed: async ({ signal }) => {
        for (;;) {
          if (signal.aborted) return undefined;
          const segment = segments[next];
          if (segment === undefined) {
            await new Promise<void>((resolve) => {
              this.#waiting.push(resolve);
              signal.addEventListener('abort', () => resolve(), { once: true });
            });
            continue;
          }
          next++;
          if (!released.has(segment.path)) return segment;
        }
      },
      release: async (segment) => {
        released.add(segment.path);
        rmSync(segment.path, { force: true });
      },
      findings: [],
      readChain: nothing,
      readHeads: nothing,
      publicKeyPem: '',
      pruneChain: refuse,
      close: async () => undefined,
    };
  }
}

describe('the drain', () => {
  let writer: SegmentWriter;
  let sealed: SealedSegments;
  let store: MemoryEventStore;
  let catalog: Catalog;
  beforeEach(async () => {
    writer = await SegmentWriter.open();
    sealed = new SealedSegments();
    store = new MemoryEventStore();
    catalog = createMemoryCatalog();
  });
  afterEach(() => writer.dispose());

  const seal = async (eventsCount: number, setAside: readonly number[] = []) => {
    const first = (sealed.segments.at(-1)?.lastSequence ?? 0) + 1;
    const skip = setAside.map((index) => first + index);
    const segment = await writer.write(
      Array.from({ length: eventsCount }, () => entryOf()),
      { skip },
    );
    const { skip: _, ...members } = segment;
    sealed.add({
      ...members,
      sizeBytes: 0,
      links: [],
      setAside: skip.map((sequence) => ({ sequence, segment: 's1', offsetBytes: 7, reason: 'torn' })),
    });
  };
  const open = (options: Partial<DrainOptions> = {}) =>
    Drain.open({
      journal: sealed.open(writer.journalId),
      store,
      catalog,
      lock: new StoreLock(),
      clock: hurriedClock,
      log: silentLog,
      metrics: noMetrics,
      sealAfterMs: 1_000,
      ...options,
    });
  const settled = (drain: Drain) =>
    drain.waitForCommit(sealed.segments.at(-1)?.lastSequence ?? 0, AbortSignal.timeout(10_000));
  const total = async () => (await store.totals())[0]?.eventsCount;
  it('stores segments in order, moves the cursor, tells followers and only then lets a segment go', async () => {
    await seal(3);
    await seal(2);
    const order: string[] = [];
    const spied = spyOn({ store, catalog, journal: sealed.open(writer.journalId) }, (step) =>
      order.push(step),
    );
    const drain = await open(spied);
    drain.onCommit(({ sequence }) => order.push(`told ${sequence}`));
    drain.start();
    await settled(drain);
    await seal(1);
    await settled(drain);
    await drain.stop();
    const one = (sequence: number) => ['storeSegment', 'putCursor', `told ${sequence}`, 'release'];
    assert.deepEqual(order, [...one(3), ...one(5), ...one(6)]);
    assert.equal(await total(), 6);
    assert.equal(await catalog.getCursor(STORE_CURSOR, writer.journalId), 6);
    assert.deepEqual(drain.committed(), { journalId: writer.journalId, sequence: 6 });
    assert.ok(sealed.segments.every((segment) => !existsSync(segment.path)));
  });

  it('puts what was set aside into the ledger before the cursor passes it', async () => {
    await seal(4, [1, 3]);
    const order: string[] = [];
    const spied = spyOn({ store, catalog, journal: sealed.open(writer.journalId) }, (step) =>
      order.push(step),
    );
    const counts = new Map<string, number>();
    const drain = await open({ ...spied, metrics: countingMetrics(counts) });
    drain.start();
    await settled(drain);
    await drain.stop();
    assert.deepEqual(order, ['storeSegment', 'putExplained', 'putExplained', 'putCursor', 'release']);
    const explained = await catalog.listExplained(writer.journalId, 1, 4);
    assert.deepEqual(
      explained.map(({ firstSequence, lastSequence, reason }) => [firstSequence, lastSequence, reason]),
      [
        [2, 2, 'setAside'],
        [4, 4, 'setAside'],
      ],
    );
    assert.match(explained[0]?.detail ?? '', /s1 at byte 7: torn/);
    // accepted = stored + duplicate + set aside
    assert.equal(counts.get('drain_events_settled_total{stored}'), 2);
    assert.equal(counts.get('drain_events_settled_total{setAside}'), 2);
  });

  it('tries for ever while the engine is down, then goes on where it was', async () => {
    await seal(3);
    let failuresLeft = 200;
    const down = new DependencyError({
      dependency: 'engine',
      operation: 'insert',
      isRetryable: true,
      reason: 'down',
    });
    const flaky = wrap(store, async (step, call) => {
      if (step === 'storeSegment' && failuresLeft-- > 0) throw down;
      return call();
    });
    const drain = await open({ store: flaky });
    drain.start();
    await settled(drain);
    await drain.stop();
    assert.equal(await total(), 3);
  });

  it('stops while the engine is down, and loses nothing by it', async () => {
    await seal(3);
    const failed = Promise.withResolvers<void>();
    const down = wrap(store, async (step, call) => {
      if (step !== 'storeSegment') return call();
      failed.resolve();
      throw new DependencyError({
        dependency: 'engine',
        operation: 'insert',
        isRetryable: true,
        reason: 'down',
      });
    });
    const drain = await open({ store: down });
    drain.start();
    await failed.promise;
    await drain.stop();
    assert.equal(drain.committed().sequence, 0);
    const next = await open();
    next.start();
    await settled(next);
    await next.stop();
    assert.equal(await total(), 3);
  });

  it('stores a segment that is found again behind the cursor, so that no mistake of the cursor is a loss', async () => {
    await seal(3);
    await catalog.putCursor(STORE_CURSOR, writer.journalId, 3);
    await seal(1);
    const told: number[] = [];
    const drain = await open();
    drain.onCommit(({ sequence }) => told.push(sequence));
    drain.start();
    await settled(drain);
    await drain.stop();
    assert.equal(await total(), 4);
    assert.deepEqual(told, [4]);
    assert.equal(sealed.released.size, 2);
    assert.equal(await catalog.getCursor(STORE_CURSOR, writer.journalId), 4);
  });

  it('raises an alarm for numbers that are neither stored nor explained, and stores what follows', async () => {
    await seal(3);
    await seal(2);
    sealed.segments.shift();
    const errors: unknown[] = [];
    const log: Log = { ...silentLog, error: (event, fields) => errors.push([event, fields]) };
    const drain = await open({ log });
    drain.start();
    await settled(drain);
    await drain.stop();
    const gap = { journalId: writer.journalId, firstSequence: 1, lastSequence: 3 };
    assert.deepEqual(errors, [['drain.gap', gap]]);
    assert.equal(await total(), 2);
  });

  it('tells every follower of a commit even when one of them throws', async () => {
    await seal(1);
    const drain = await open();
    const told: number[] = [];
    drain.onCommit(() => {
      throw new Error('a follower');
    });
    const unsubscribe = drain.onCommit(({ sequence }) => told.push(sequence));
    drain.start();
    await settled(drain);
    unsubscribe();
    await seal(1);
    await settled(drain);
    await drain.stop();
    assert.deepEqual(told, [1]);
  });

  for (let seed = 1; seed <= 40; seed++) {
    it(`neither loses nor doubles an event when any step fails or the process dies at it (seed ${seed})`, async () => {
      const random = seededRandom(seed);
      const setAsideCount = await sealRandomly(random);
      let lastCommitted = 0;
      for (let run = 0; run < 200; run++) {
        const crash = Promise.withResolvers<void>();
        const isLast = run >= 30;
        let isDead = false;
        const fault: Fault = async (_, call) => {
          if (isLast) return call();
          // A dead process does nothing more.
          if (isDead) return new Promise<never>(() => undefined);
          const kind = random();
          if (kind < 0.1) throw failure();
          const result = await call();
          if (isDead) return new Promise<never>(() => undefined);
          // The answer is lost although the step was done.
          if (kind < 0.2) throw failure();
          if (kind < 0.35) {
            isDead = true;
            crash.resolve();
            return new Promise<never>(() => undefined);
          }
          return result;
        };
        const drain = await open({
          store: wrap(store, fault),
          catalog: wrap(catalog, (step, call) => (step === 'getCursor' ? call() : fault(step, call))),
          journal: wrap(sealed.open(writer.journalId), fault),
        });
        assert.ok(drain.committed().sequence >= lastCommitted, 'the cursor never goes back');
        lastCommitted = drain.committed().sequence;
        drain.start();
        const outcome = await Promise.race([
          crash.promise.then(() => 'crashed'),
          settled(drain).then(() => 'settled'),
        ]);
        if (outcome === 'crashed') continue;
        await Promise.race([drain.stop(), crash.promise]);
        if (isLast) break;
      }
      const lastSequence = sealed.segments.at(-1)?.lastSequence ?? 0;
      const sequences: number[] = [];
      for await (const { sequence } of store.lines(writer.journalId, 1, lastSequence))
        sequences.push(sequence);
      const explained = await catalog.listExplained(writer.journalId, 1, lastSequence);
      assert.equal(explained.length, setAsideCount);
      const all = [...sequences, ...explained.map((range) => range.firstSequence)].sort((a, b) => a - b);
      assert.deepEqual(
        all,
        Array.from({ length: lastSequence }, (_, index) => index + 1),
      );
      assert.equal(sealed.released.size, sealed.segments.length);
    });
  }

  async function sealRandomly(random: () => number): Promise<number> {
    let setAsideCount = 0;
    for (let count = 0; count < 8; count++) {
      const eventsCount = 1 + Math.floor(random() * 5);
      const setAside = Array.from({ length: eventsCount }, (_, index) => index).filter(() => random() < 0.2);
      setAsideCount += setAside.length;
      await seal(eventsCount, setAside);
    }
    return setAsideCount;
  }
});

type Fault = <T>(step: string, call: () => Promise<T>) => Promise<T>;

const STEPS = new Set(['storeSegment', 'putExplained', 'putCursor', 'release', 'takeSealed', 'getCursor']);

/** The same object, with a fault around the steps of the drain. */
function wrap<T extends EventStore | Catalog | Journal>(target: T, fault: Fault): T {
  return new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name, object);
      if (typeof member !== 'function') return member;
      if (typeof name !== 'string' || !STEPS.has(name)) return member.bind(object);
      const call = (args: unknown[]) => Promise.resolve(Reflect.apply(member, object, args));
      // What was taken is in the hands of the drain: taking may fail before, never after.
      if (name === 'takeSealed') {
        return (...args: unknown[]) => fault(name, async () => undefined).then(() => call(args));
      }
      return (...args: unknown[]) => fault(name, () => call(args));
    },
  });
}

function spyOn<T extends Record<string, EventStore | Catalog | Journal>>(
  parts: T,
  onStep: (step: string) => void,
): T {
  const watch: Fault = async (step, call) => {
    const result = await call();
    if (step !== 'takeSealed' && step !== 'getCursor') onStep(step);
    return result;
  };
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, wrap(part, watch)])) as T;
}

function countingMetrics(counts: Map<string, number>): Metrics {
  return {
    ...noMetrics,
    counter: ({ name }) => ({
      add(amount = 1, labels = {}) {
        const key = `${name}{${Object.values(labels).join()}}`;
        counts.set(key, (counts.get(key) ?? 0) + amount);
      },
    }),
  };
}

function failure(): DependencyError {
  return new DependencyError({
    dependency: 'engine',
    operation: 'test',
    isRetryable: true,
    reason: 'injected',
  });
}

function seededRandom(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
