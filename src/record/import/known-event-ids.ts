import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { CommitFeed } from '../../store/commit-feed.ts';
import type { EventStore } from '../../store/event-store.ts';
import { BloomFilter } from './bloom-filter.ts';
import { KEY_WORDS, writeEventKey } from './event-key.ts';
import { eventIdAt, type RecordIds, sha256At } from './record-batch.ts';
import { ReservedIds } from './reserved-ids.ts';

/** Ids asked of the event store at once: measured there with 5,000. */
const ASKED_MAX = 5_000;

/**
 * Live events that are stored after the filter was loaded are not in it, so younger ids are always asked for. A day covers
 * calls that lasted hours and clocks that jumped.
 */
const LIVE_MARGIN_MS = 24 * 60 * 60 * 1_000;

/** A group of records that is being made durable. */
export interface ReservationGroup {
  readonly ids: RecordIds;
  /** False when its append was refused. */
  readonly settled: Promise<boolean>;
  /** Hashes of what the store turned out to have, by row; whoever hangs on the group compares with these. */
  readonly storedSha256s: Map<number, string>;
}

/**
 * What is to be done with a record: `new` is reserved for the asking group; `known` is stored under the given hash;
 * `pending` depends on whether the group that reserved it in that row becomes durable.
 */
export type Verdict =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly sha256: string }
  | { readonly kind: 'pending'; readonly group: ReservationGroup; readonly row: number };

const NEW: Verdict = { kind: 'new' };

/** SHA-256 of what stands or will stand in the store for a record that is `pending`, once its group has settled. */
export function pendingSha256({ group, row }: Verdict & { kind: 'pending' }): string {
  return group.storedSha256s.get(row) ?? sha256At(group.ids, row);
}

/**
 * Which event ids are stored, or about to be: exact, and without a query for ids that are new.
 *
 * A Bloom filter over the stored ids answers for almost all new ones; a set holds what is accepted but not yet stored; only
 * where the filter says "perhaps" the store is asked. The filter is loaded in the background of the first import; until it
 * is there, the store is asked for every id.
 */
export class KnownEventIds {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reserved = new ReservedIds<ReservationGroup>();
  /** Accepted groups in the order of their sequence numbers, until the store has committed them. */
  readonly #uncommitted: { lastSequence: number; keys: Uint32Array }[] = [];
  #filter: BloomFilter | undefined;
  #isComplete = false;
  #loadedFromMs = 0;

  constructor(options: { store: EventStore; commitFeed: CommitFeed; clock: Clock; log: Log }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log;
    options.commitFeed.onCommit(({ sequence }) => this.#forget(sequence));
  }

  /** Accepted events that the store has not committed yet. */
  get pendingCount(): number {
    return this.#reserved.size;
  }

  /** Reads the stored ids; MUST be called when everything that was journalled before is stored. Retried by the next import. */
  async load(): Promise<void> {
    if (this.#filter !== undefined) return;
    const startedMs = this.#clock.monotonicMs();
    this.#loadedFromMs = this.#clock.now();
    const expected = (await this.#store.totals()).reduce((sum, total) => sum + total.eventsCount, 0);
    const filter = new BloomFilter(expected);
    // What is accepted while it loads goes into it too; what was accepted before is on its way, or found below.
    this.#reserved.forEachKey((keys, keyAt) => filter.add(keys, keyAt));
    this.#filter = filter;
    const key = new Uint32Array(KEY_WORDS);
    try {
      for await (const eventIds of this.#store.eventIds()) {
        for (const eventId of eventIds) {
          writeEventKey(eventId, key, 0);
          filter.add(key, 0);
        }
      }
      this.#isComplete = true;
    } catch (error) {
      this.#filter = undefined;
      this.#log.warn('import.filter.failed', {
        reason: error instanceof Error ? error.message : String(error),
      });
      return;
    }
    const durationMs = Math.round(this.#clock.monotonicMs() - startedMs);
    this.#log.info('import.filter.loaded', {
      sizeBytes: filter.sizeBytes,
      eventsCount: expected,
      durationMs,
    });
  }

  /** One verdict per row, in their order. New ones are reserved before it returns control to anyone else. */
  async judge(group: ReservationGroup, rows: readonly number[]): Promise<Verdict[]> {
    const { keys, eventTimesMs } = group.ids;
    const verdicts: Verdict[] = [];
    const asked: number[] = [];
    for (const [index, row] of rows.entries()) {
      const reserved = this.#reserved.get(keys, row * KEY_WORDS);
      if (reserved !== undefined) {
        verdicts.push({ kind: 'pending', ...reserved });
        continue;
      }
      this.#reserved.set(keys, row * KEY_WORDS, group, row);
      verdicts.push(NEW);
      if (this.#mayBeStored(keys, row * KEY_WORDS, eventTimesMs[row] ?? 0)) asked.push(index);
    }
    try {
      await this.#ask(group, { rows, asked, verdicts });
    } catch (error) {
      this.release(keysOf(group.ids, rowsOfNew(rows, verdicts)));
      throw error;
    }
    return verdicts;
  }

  /** The group's new keys are in the journal, up to that sequence; they stay reserved until they are committed. */
  accept(keys: Uint32Array, lastSequence: number, committedSequence: number): void {
    for (let keyAt = 0; keyAt < keys.length; keyAt += KEY_WORDS) this.#filter?.add(keys, keyAt);
    this.#uncommitted.push({ lastSequence, keys });
    // Appends of several groups can resolve out of order.
    this.#uncommitted.sort((a, b) => a.lastSequence - b.lastSequence);
    this.#forget(committedSequence);
  }

  /** They were not stored: they are free again. */
  release(keys: Uint32Array): void {
    for (let keyAt = 0; keyAt < keys.length; keyAt += KEY_WORDS) this.#reserved.delete(keys, keyAt);
  }

  #mayBeStored(keys: Uint32Array, keyAt: number, eventTimeMs: number): boolean {
    if (!this.#isComplete || this.#filter === undefined) return true;
    return eventTimeMs >= this.#loadedFromMs - LIVE_MARGIN_MS || this.#filter.mayContain(keys, keyAt);
  }

  async #ask(
    group: ReservationGroup,
    { rows, asked, verdicts }: { rows: readonly number[]; asked: readonly number[]; verdicts: Verdict[] },
  ) {
    for (let from = 0; from < asked.length; from += ASKED_MAX) {
      const some = asked.slice(from, from + ASKED_MAX);
      const eventIds = some.map((index) => eventIdAt(group.ids, rows[index] ?? 0));
      const stored = await this.#store.existing(eventIds);
      for (const [place, index] of some.entries()) {
        const sha256 = stored.get(eventIds[place] ?? '');
        if (sha256 === undefined) continue;
        const row = rows[index] ?? 0;
        verdicts[index] = { kind: 'known', sha256 };
        // Whoever hangs on the reservation compares with what is stored, and not with what had reserved the id.
        group.storedSha256s.set(row, sha256);
        this.#reserved.delete(group.ids.keys, row * KEY_WORDS);
      }
    }
  }

  #forget(committedSequence: number) {
    while ((this.#uncommitted[0]?.lastSequence ?? Number.POSITIVE_INFINITY) <= committedSequence) {
      const { keys } = this.#uncommitted.shift() ?? {};
      if (keys !== undefined) this.release(keys);
    }
  }
}

/** The rows whose record is new. */
export function rowsOfNew(rows: readonly number[], verdicts: readonly Verdict[]): number[] {
  return rows.filter((_, index) => verdicts[index]?.kind === 'new');
}

export function keysOf({ keys }: RecordIds, rows: readonly number[]): Uint32Array {
  if (rows.length * KEY_WORDS === keys.length) return keys;
  const some = new Uint32Array(rows.length * KEY_WORDS);
  for (const [index, row] of rows.entries())
    some.set(keys.subarray(row * KEY_WORDS, (row + 1) * KEY_WORDS), index * KEY_WORDS);
  return some;
}
