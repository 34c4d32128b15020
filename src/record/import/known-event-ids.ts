import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { CommitFeed } from '../../store/commit-feed.ts';
import type { EventStore } from '../../store/event-store.ts';
import { BloomFilter } from './bloom-filter.ts';

/** Ids asked of the event store at once: measured there with 5,000. */
const ASKED_MAX = 5_000;

/**
 * Live events that are stored after the filter was loaded are not in it, so younger ids are always asked for. A day covers
 * calls that lasted hours and clocks that jumped.
 */
const LIVE_MARGIN_MS = 24 * 60 * 60 * 1_000;

/** A group of records that is being made durable; `isStored` is false when its append was refused. */
export interface ReservationGroup {
  readonly settled: Promise<boolean>;
}

interface Reservation {
  /** Of the record that reserved the id; of the stored one as soon as the store turns out to have it. */
  sha256: string;
  readonly group: ReservationGroup;
}

export interface CandidateId {
  readonly eventId: string;
  readonly eventTimeMs: number;
  /** SHA-256 of the raw record, lower-case hex. */
  readonly sha256: string;
}

/**
 * What is to be done with a record: `new` is reserved for the asking group; `known` is stored under the given hash;
 * `pending` depends on whether the reservation's group becomes durable, after which its hash is that of what is stored.
 */
export type Verdict =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly sha256: string }
  | { readonly kind: 'pending'; readonly reservation: Readonly<Reservation> };

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
  readonly #reserved = new Map<string, Reservation>();
  /** Accepted groups in the order of their sequence numbers, until the store has committed them. */
  readonly #uncommitted: { lastSequence: number; eventIds: readonly string[] }[] = [];
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
    for (const eventId of this.#reserved.keys()) filter.add(eventId);
    this.#filter = filter;
    try {
      for await (const eventIds of this.#store.eventIds()) {
        for (const eventId of eventIds) filter.add(eventId);
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

  /** One verdict per candidate, in their order. New ones are reserved before it returns control to anyone else. */
  async judge(candidates: readonly CandidateId[], group: ReservationGroup): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    const asked: number[] = [];
    for (const [index, { eventId, eventTimeMs, sha256 }] of candidates.entries()) {
      const reserved = this.#reserved.get(eventId);
      if (reserved !== undefined) {
        verdicts.push({ kind: 'pending', reservation: reserved });
        continue;
      }
      this.#reserved.set(eventId, { sha256, group });
      verdicts.push({ kind: 'new' });
      if (this.#mayBeStored(eventId, eventTimeMs)) asked.push(index);
    }
    await this.#ask(candidates, asked, verdicts);
    return verdicts;
  }

  /** The group's new ids are in the journal, up to that sequence; they stay reserved until they are committed. */
  accept(eventIds: readonly string[], lastSequence: number, committedSequence: number): void {
    for (const eventId of eventIds) this.#filter?.add(eventId);
    this.#uncommitted.push({ lastSequence, eventIds });
    // Appends of several groups can resolve out of order.
    this.#uncommitted.sort((a, b) => a.lastSequence - b.lastSequence);
    this.#forget(committedSequence);
  }

  /** The group was not stored: its ids are free again. */
  release(eventIds: readonly string[]): void {
    for (const eventId of eventIds) this.#reserved.delete(eventId);
  }

  #mayBeStored(eventId: string, eventTimeMs: number): boolean {
    if (!this.#isComplete || this.#filter === undefined) return true;
    return eventTimeMs >= this.#loadedFromMs - LIVE_MARGIN_MS || this.#filter.mayContain(eventId);
  }

  async #ask(candidates: readonly CandidateId[], asked: readonly number[], verdicts: Verdict[]) {
    for (let from = 0; from < asked.length; from += ASKED_MAX) {
      const some = asked.slice(from, from + ASKED_MAX);
      const ids = some.map((index) => candidates[index]?.eventId ?? '');
      let stored: Map<string, string>;
      try {
        stored = await this.#store.existing(ids);
      } catch (error) {
        const isOurs = (_: CandidateId, index: number) => verdicts[index]?.kind === 'new';
        this.release(candidates.filter(isOurs).map(({ eventId }) => eventId));
        throw error;
      }
      for (const index of some) {
        const eventId = candidates[index]?.eventId ?? '';
        const sha256 = stored.get(eventId);
        const reservation = this.#reserved.get(eventId);
        if (sha256 === undefined || reservation === undefined) continue;
        verdicts[index] = { kind: 'known', sha256 };
        // Whoever hangs on the reservation compares with what is stored, and not with what had reserved the id.
        reservation.sha256 = sha256;
        this.#reserved.delete(eventId);
      }
    }
  }

  #forget(committedSequence: number) {
    while ((this.#uncommitted[0]?.lastSequence ?? Number.POSITIVE_INFINITY) <= committedSequence) {
      for (const eventId of this.#uncommitted.shift()?.eventIds ?? []) this.#reserved.delete(eventId);
    }
  }
}
