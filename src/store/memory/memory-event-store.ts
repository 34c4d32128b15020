import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { assert } from '../../base/assert.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import { decodeJournalLine } from '../../model/journal-line.ts';
import type { Position, StoredEvent } from '../../model/recorded-event.ts';
import type {
  EventAttribute,
  EventFilter,
  EventStore,
  HistoryLine,
  PageKey,
  Partition,
  SegmentToStore,
  SequenceRange,
} from '../event-store.ts';
import {
  compareNewestFirst,
  type EventRow,
  matchesFilter,
  partitionBounds,
  partitionName,
  readEventRow,
} from './event-row.ts';

const EVENT_IDS_CHUNK = 10_000;

/** An event store for tests: everything in memory, nothing survives the process. */
export class MemoryEventStore implements EventStore {
  #rows: EventRow[] = [];
  #isClosed = false;

  async storeSegment(segment: SegmentToStore, signal?: AbortSignal): Promise<void> {
    this.#checkOpen('insert');
    signal?.throwIfAborted();
    const rows = await readSegment(segment);
    if (rows.length !== segment.eventsCount) {
      throw engineError(
        'insert',
        false,
        `${segment.path} holds ${rows.length} events, not ${segment.eventsCount}`,
      );
    }
    const held = new Set(
      this.#rows.filter((row) => row.journalId === segment.journalId).map((row) => row.sequence),
    );
    this.#rows.push(...rows.filter((row) => !held.has(row.sequence)));
  }

  async find(
    filter: EventFilter,
    page: { readonly limit: number; readonly after?: PageKey },
    signal?: AbortSignal,
  ): Promise<StoredEvent[]> {
    const rows = this.#matching(filter, 'lookup', signal).sort(compareNewestFirst);
    const { after } = page;
    const rest = after === undefined ? rows : rows.filter((row) => isBehind(row, after));
    return rest.slice(0, page.limit).map(toStoredEvent);
  }

  async count(filter: EventFilter, signal?: AbortSignal): Promise<number> {
    return this.#matching(filter, 'count', signal).length;
  }

  async facet(
    filter: EventFilter,
    attribute: EventAttribute,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ value: string; count: number }[]> {
    const counts = new Map<string, number>();
    for (const row of this.#matching(filter, 'facet', signal)) {
      for (const value of row.values[attribute]) {
        if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    return [...counts]
      .map(([value, count]) => ({ value, count }))
      .sort((left, right) => right.count - left.count || (left.value < right.value ? -1 : 1))
      .slice(0, limit);
  }

  async readAfter(
    after: Position,
    upTo: number,
    options: { readonly filter?: EventFilter; readonly limit: number },
  ): Promise<StoredEvent[]> {
    return this.#matching(options.filter ?? { accountIds: 'all' }, 'read')
      .filter((row) => row.journalId === after.journalId && row.meta.origin === 'live')
      .filter((row) => row.sequence > after.sequence && row.sequence <= upTo)
      .sort((left, right) => left.sequence - right.sequence)
      .slice(0, options.limit)
      .map(toStoredEvent);
  }

  /** What is searched lives and dies with the line here, so that no column can be another than the line's. */
  async *lines(journalId: string, firstSequence: number, lastSequence: number): AsyncIterable<HistoryLine> {
    this.#checkOpen('lines');
    yield* this.#rows
      .filter((row) => row.journalId === journalId)
      .filter((row) => row.sequence >= firstSequence && row.sequence <= lastSequence)
      .sort((left, right) => left.sequence - right.sequence)
      .map(({ sequence, line }) => ({ sequence, line }));
  }

  async existing(
    eventIds: readonly string[],
    bounds?: { sinceMs: number; untilMs: number },
  ): Promise<Map<string, string>> {
    const wanted = new Set(eventIds);
    const rows = this.#matching({ accountIds: 'all', ...bounds }, 'existing').filter((row) =>
      wanted.has(row.eventId),
    );
    return new Map(rows.map((row) => [row.eventId, createHash('sha256').update(row.raw).digest('hex')]));
  }

  async *eventIds(): AsyncIterable<readonly string[]> {
    this.#checkOpen('event ids');
    const ids = this.#rows.map((row) => row.eventId);
    for (let start = 0; start < ids.length; start += EVENT_IDS_CHUNK) {
      yield ids.slice(start, start + EVENT_IDS_CHUNK);
    }
  }

  async partitions(): Promise<Partition[]> {
    this.#checkOpen('partitions');
    const groups = Map.groupBy(this.#rows, (row) => partitionName(row.meta.origin, row.eventTimeMs));
    return [...groups]
      .map(([name, rows]) => ({
        name,
        origin: name.startsWith('live-') ? ('live' as const) : ('import' as const),
        ...partitionBounds(name),
        eventsCount: rows.length,
        sizeBytes: rows.reduce((sum, row) => sum + Buffer.byteLength(row.line), 0),
      }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async sequenceRanges(partition: string): Promise<SequenceRange[]> {
    this.#checkOpen('sequence ranges');
    const rows = this.#rows
      .filter((row) => partitionName(row.meta.origin, row.eventTimeMs) === partition)
      .sort((left, right) => compareText(left.journalId, right.journalId) || left.sequence - right.sequence);
    const ranges: SequenceRange[] = [];
    for (const { journalId, sequence } of rows) {
      const last = ranges.at(-1);
      if (last?.journalId === journalId && last.lastSequence + 1 === sequence) {
        ranges[ranges.length - 1] = { ...last, lastSequence: sequence, eventsCount: last.eventsCount + 1 };
      } else {
        ranges.push({ journalId, firstSequence: sequence, lastSequence: sequence, eventsCount: 1 });
      }
    }
    return ranges;
  }

  async dropPartition(name: string): Promise<void> {
    this.#checkOpen('drop partition');
    assert(/^(live-\d{8}|import-\d{6})$/.test(name), `${name} is not the name of a partition`);
    this.#rows = this.#rows.filter((row) => partitionName(row.meta.origin, row.eventTimeMs) !== name);
  }

  async totals(): Promise<{ journalId: string; highestSequence: number; eventsCount: number }[]> {
    this.#checkOpen('totals');
    return [...Map.groupBy(this.#rows, (row) => row.journalId)]
      .map(([journalId, rows]) => ({
        journalId,
        highestSequence: rows.reduce((highest, row) => Math.max(highest, row.sequence), 0),
        eventsCount: rows.length,
      }))
      .sort((left, right) => (left.journalId < right.journalId ? -1 : 1));
  }

  async ping(): Promise<void> {
    this.#checkOpen('ping');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #matching(filter: EventFilter, operation: string, signal?: AbortSignal): EventRow[] {
    this.#checkOpen(operation);
    signal?.throwIfAborted();
    return this.#rows.filter((row) => matchesFilter(row, filter));
  }

  #checkOpen(operation: string) {
    if (this.#isClosed) throw engineError(operation, false, 'the event store is closed');
  }
}

async function readSegment(segment: SegmentToStore): Promise<EventRow[]> {
  const skip = new Set(segment.skip);
  const rows: EventRow[] = [];
  for (const line of (await readFile(segment.path, 'utf8')).split('\n')) {
    if (line.startsWith('#')) continue;
    const parts = decodeJournalLine(line);
    if (parts === undefined || skip.has(parts.sequence)) continue;
    if (parts.sequence < segment.firstSequence || parts.sequence > segment.lastSequence) continue;
    rows.push(readEventRow(segment.journalId, parts, line));
  }
  return rows;
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function isBehind(row: EventRow, after: PageKey): boolean {
  if (row.eventTimeMs !== after.eventTimeMs) return row.eventTimeMs < after.eventTimeMs;
  if (row.journalId !== after.journalId) return row.journalId < after.journalId;
  return row.sequence < after.sequence;
}

function toStoredEvent(row: EventRow): StoredEvent {
  return { journalId: row.journalId, sequence: row.sequence, meta: row.meta, raw: row.raw };
}

function engineError(operation: string, isRetryable: boolean, reason: string): DependencyError {
  return new DependencyError({ dependency: 'engine', operation, isRetryable, reason });
}
