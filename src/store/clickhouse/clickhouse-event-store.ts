import { createReadStream } from 'node:fs';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import { decodeMeta } from '../../model/journal-line.ts';
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
import type { ClickHouseHttp } from './clickhouse-http.ts';
import type { EngineLane } from './engine/engine-options.ts';
import { ATTRIBUTE_COLUMNS, insertStatement, isArrayColumn } from './event-columns.ts';
import {
  filterConditions,
  indexedConditions,
  isUnique,
  pageConditions,
  prewhere,
  TimeWindows,
  timeConditions,
  where,
} from './event-conditions.ts';
import { migrate } from './migrate.ts';
import { parsePartition, parsePartitionName, partitionExpression, partitionName } from './partition-name.ts';
import { quoteInteger, quoteString, quoteStrings } from './quote.ts';
import { storedLines } from './stored-lines.ts';

const TABLE = 'opentrail.events';

/**
 * One block for a segment of any size, because an insert of several is not atomic: rows are gathered until the end of
 * the file (the engine would cut at a million rows or 256 MB). An import may span more than 100 months.
 */
const INSERT_SETTINGS = [
  'async_insert=0',
  'max_insert_threads=1',
  'max_threads=1',
  'min_insert_block_size_rows=1000000000',
  'min_insert_block_size_bytes=0',
  'max_partitions_per_insert_block=0',
  'throw_on_max_partitions_per_insert_block=0',
  // Built by merges; the schema says why.
  `exclude_materialize_skip_indexes_on_insert='by_user_name, by_access_key_id, by_resource_names, by_event_name'`,
];

/** Columns that are only answered are read for the rows of the page alone. */
const FIND_SETTINGS = 'SETTINGS query_plan_max_limit_for_lazy_materialization=100000';
/** The index is asked first, so that parts without a match are not even opened: half the time where most have none. */
const SELECTIVE_SETTINGS = 'use_skip_indexes_on_data_read=0';
/**
 * Reading in the order of the key stops at the end of the page, but opens all parts side by side: the larger half of a
 * look-up where nearly all rows of the window are wanted anyway.
 */
const SPARSE_SETTINGS = 'optimize_read_in_order=0';
/** A window is sparse when by what was found so far it holds no more than so many times the page. */
const SPARSE_FACTOR = 3;
/**
 * Free text reads every record of its window. Reading in the order of the key would open all parts at once, each with its
 * buffers (1.4 GB over 90 days of 10 M events); one thread leaves a core to look-ups.
 */
const TEXT_SETTINGS = `${FIND_SETTINGS}, optimize_read_in_order=0, max_threads=1, max_block_size=4096`;

/** The engine refuses to parse a statement above 256 KiB. Each statement scans the ids, so few and long ones. */
const EXISTING_CHARS_MAX = 200_000;

/** `file` hands the path to an engine that shares our disk; `body` sends the bytes to a server that does not. */
export type SegmentTransport = 'file' | 'body';

export interface ClickHouseEventStoreOptions {
  readonly http: ClickHouseHttp;
  readonly clock: Clock;
  readonly transport: SegmentTransport;
  /** Ends the engine where it is ours. */
  readonly closeEngine: () => Promise<void>;
}

/** Events in ClickHouse: chDB in a process of its own, or a server; one SQL text for both. */
export class ClickHouseEventStore implements EventStore {
  readonly #options: ClickHouseEventStoreOptions;
  readonly #http: ClickHouseHttp;

  private constructor(options: ClickHouseEventStoreOptions) {
    this.#options = options;
    this.#http = options.http;
  }

  /** Brings the schema up to date first. */
  static async open(options: ClickHouseEventStoreOptions): Promise<ClickHouseEventStore> {
    await migrate(options.http);
    return new ClickHouseEventStore(options);
  }

  async storeSegment(segment: SegmentToStore, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const isFile = this.#options.transport === 'file';
    const { journalId, firstSequence, lastSequence, contentHash } = segment;
    const token = `${journalId}:${firstSequence}-${lastSequence}:${contentHash}`;
    const statement = insertStatement(
      {
        from: isFile ? fileTable(segment.path) : `input('line String')`,
        journalId: quoteString(journalId),
        firstSequence: quoteInteger(firstSequence),
        lastSequence: quoteInteger(lastSequence),
        skip: segment.skip.map(quoteInteger),
      },
      [...INSERT_SETTINGS, `insert_deduplication_token=${quoteString(token)}`].join(', '),
    );
    await this.#http.command({
      lane: 'insert',
      operation: 'insert',
      sql: isFile ? statement : `${statement} FORMAT LineAsString`,
      signal,
      ...(isFile ? {} : { body: createReadStream(segment.path) }),
    });
    await this.#checkStored(segment);
  }

  /** Reads back what the writer is about to call stored: neither a lost nor a doubled event passes unseen. */
  async #checkStored({ journalId, firstSequence, lastSequence, eventsCount }: SegmentToStore) {
    const conditions = [
      `journal_id = ${quoteString(journalId)}`,
      `sequence BETWEEN ${quoteInteger(firstSequence)} AND ${quoteInteger(lastSequence)}`,
    ];
    const [row] = await this.#rows<{ count: string }>('insert', 'insert', {
      sql: `SELECT count() AS count FROM ${TABLE}${where(conditions)}`,
    });
    const count = Number(row?.count);
    if (count === eventsCount) return;
    throw new DependencyError({
      dependency: 'engine',
      operation: 'insert',
      isRetryable: false,
      reason: `segment ${firstSequence}-${lastSequence} has ${eventsCount} events, the store holds ${count}`,
    });
  }

  async find(
    filter: EventFilter,
    page: { readonly limit: number; readonly after?: PageKey },
    signal?: AbortSignal,
  ): Promise<StoredEvent[]> {
    const { limit, after } = page;
    const found: StoredEvent[] = [];
    const untilMs = Math.min(filter.untilMs ?? Infinity, after?.eventTimeMs ?? Infinity);
    const bounds = { sinceMs: filter.sinceMs, untilMs: untilMs === Infinity ? undefined : untilMs };
    const conditions = [...filterConditions(filter), ...(after === undefined ? [] : pageConditions(after))];
    const isText = filter.text !== undefined;
    const indexed = isText ? [] : indexedConditions(filter);
    let settings = isText ? TEXT_SETTINGS : FIND_SETTINGS;
    if (indexed.length > 0) settings += `, ${SELECTIVE_SETTINGS}`;
    const windows = new TimeWindows(bounds, this.#options.clock.now());
    let needDays = isUnique(filter) && !isText ? Infinity : 0;
    let window = windows.next(needDays);
    while (window !== undefined && found.length < limit) {
      const isSparse = !isText && needDays * SPARSE_FACTOR >= windows.reachedDays && needDays > 0;
      const rows = await this.#rows<EventRow>(isText ? 'scan' : 'lookup', 'lookup', {
        sql:
          `SELECT journal_id, sequence, meta, raw FROM ${TABLE}` +
          prewhere(indexed) +
          where([...conditions, ...timeConditions(window)]) +
          ` ORDER BY event_time DESC, journal_id DESC, sequence DESC` +
          ` LIMIT ${quoteInteger(limit - found.length)} ${isSparse ? `${settings}, ${SPARSE_SETTINGS}` : settings}`,
        signal,
      });
      found.push(...rows.map(toStoredEvent));
      needDays = windows.needDays({ foundCount: found.length, wantedCount: limit });
      window = windows.next(needDays);
    }
    return found;
  }

  async count(filter: EventFilter, signal?: AbortSignal): Promise<number> {
    const sql = `SELECT count() AS count FROM ${TABLE}${where(allConditions(filter))}`;
    const [row] = await this.#rows<{ count: string }>('scan', 'count', { sql, signal });
    return Number(row?.count ?? 0);
  }

  async facet(
    filter: EventFilter,
    attribute: EventAttribute,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ value: string; count: number }[]> {
    const column = ATTRIBUTE_COLUMNS[attribute];
    const value = isArrayColumn(attribute) ? `arrayJoin(${column})` : column;
    const rows = await this.#rows<{ value: string; count: string }>('scan', 'facet', {
      sql:
        `SELECT value, count() AS count FROM (SELECT ${value} AS value FROM ${TABLE}` +
        `${where(allConditions(filter))}) WHERE value != ''` +
        ` GROUP BY value ORDER BY count() DESC, value LIMIT ${quoteInteger(limit)}`,
      signal,
    });
    return rows.map((row) => ({ value: row.value, count: Number(row.count) }));
  }

  async readAfter(
    after: Position,
    upTo: number,
    options: { readonly filter?: EventFilter; readonly limit: number },
  ): Promise<StoredEvent[]> {
    const conditions = [
      `journal_id = ${quoteString(after.journalId)}`,
      `sequence > ${quoteInteger(after.sequence)}`,
      `sequence <= ${quoteInteger(upTo)}`,
      `origin = 'live'`,
      ...(options.filter === undefined ? [] : allConditions(options.filter)),
    ];
    const rows = await this.#rows<EventRow>('lookup', 'read', {
      sql:
        `SELECT journal_id, sequence, meta, raw FROM ${TABLE}${where(conditions)}` +
        ` ORDER BY sequence LIMIT ${quoteInteger(options.limit)} ${FIND_SETTINGS}`,
    });
    return rows.map(toStoredEvent);
  }

  lines(journalId: string, firstSequence: number, lastSequence: number): AsyncIterable<HistoryLine> {
    return storedLines(this.#http, { journalId, firstSequence, lastSequence });
  }

  async existing(
    eventIds: readonly string[],
    bounds?: { sinceMs: number; untilMs: number },
  ): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const chunk of chunksOf(eventIds, EXISTING_CHARS_MAX)) {
      const conditions = [`event_id IN ${quoteStrings(chunk)}`, ...timeConditions(bounds ?? {})];
      const rows = await this.#rows<{ event_id: string; hash: string }>('scan', 'existing', {
        sql: `SELECT event_id, lower(hex(SHA256(raw))) AS hash FROM ${TABLE}${where(conditions)}`,
      });
      for (const { event_id, hash } of rows) found.set(event_id, hash);
    }
    return found;
  }

  async *eventIds(): AsyncIterable<readonly string[]> {
    const sql = `SELECT event_id FROM ${TABLE}`;
    for await (const rows of this.#http.stream<[string]>({ operation: 'event ids', sql })) {
      if (rows.length > 0) yield rows.map(([eventId]) => eventId);
    }
  }

  async partitions(): Promise<Partition[]> {
    const rows = await this.#rows<{ partition: string; rows: string; bytes: string }>(
      'lookup',
      'partitions',
      {
        sql:
          `SELECT partition, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts` +
          ` WHERE database = 'opentrail' AND table = 'events' AND active GROUP BY partition ORDER BY partition`,
      },
    );
    return rows
      .map((row) => {
        const { origin, bucket, fromMs, toMs } = parsePartition(row.partition);
        const name = partitionName(origin, bucket);
        return { name, origin, fromMs, toMs, eventsCount: Number(row.rows), sizeBytes: Number(row.bytes) };
      })
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async sequenceRanges(partition: string): Promise<SequenceRange[]> {
    const { origin, fromMs, toMs } = parsePartitionName(partition);
    const conditions = [
      `origin = ${quoteString(origin)}`,
      ...timeConditions({ sinceMs: fromMs, untilMs: toMs }),
    ];
    // Consecutive numbers have the same distance from their rank.
    const ranked =
      `SELECT journal_id, sequence, sequence - row_number() OVER (PARTITION BY journal_id ORDER BY sequence)` +
      ` AS island FROM ${TABLE}${where(conditions)}`;
    const rows = await this.#rows<{ journal_id: string; first: string; last: string; count: string }>(
      'scan',
      'sequence ranges',
      {
        sql:
          `SELECT journal_id, min(sequence) AS first, max(sequence) AS last, count() AS count` +
          ` FROM (${ranked}) GROUP BY journal_id, island ORDER BY journal_id, first`,
      },
    );
    return rows.map((row) => ({
      journalId: row.journal_id,
      firstSequence: Number(row.first),
      lastSequence: Number(row.last),
      eventsCount: Number(row.count),
    }));
  }

  async dropPartition(name: string): Promise<void> {
    const sql = `ALTER TABLE ${TABLE} DROP PARTITION ${partitionExpression(name)}`;
    await this.#http.command({ lane: 'insert', operation: 'drop partition', sql });
  }

  async totals(): Promise<{ journalId: string; highestSequence: number; eventsCount: number }[]> {
    const rows = await this.#rows<{ journal_id: string; highest: string; count: string }>('scan', 'totals', {
      sql:
        `SELECT journal_id, max(sequence) AS highest, count() AS count FROM ${TABLE}` +
        ` GROUP BY journal_id ORDER BY journal_id`,
    });
    return rows.map((row) => ({
      journalId: row.journal_id,
      highestSequence: Number(row.highest),
      eventsCount: Number(row.count),
    }));
  }

  async ping(timeoutMs: number): Promise<void> {
    const timeout = new AbortController();
    const timer = this.#options.clock.after(timeoutMs, () => timeout.abort());
    try {
      await this.#rows('lookup', 'ping', { sql: 'SELECT 1 AS one', signal: timeout.signal });
    } catch (cause) {
      if (!timeout.signal.aborted) throw cause;
      const reason = `no answer within ${timeoutMs} ms`;
      throw new DependencyError({
        dependency: 'engine',
        operation: 'ping',
        isRetryable: true,
        reason,
        cause,
      });
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    await this.#options.closeEngine();
    await this.#http.close();
  }

  #rows<Row>(
    lane: EngineLane,
    operation: string,
    statement: { readonly sql: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Row[]> {
    return this.#http.query<Row>({ lane, operation, ...statement });
  }
}

interface EventRow {
  readonly journal_id: string;
  readonly sequence: string;
  readonly meta: string;
  readonly raw: string;
}

function toStoredEvent(row: EventRow): StoredEvent {
  const sequence = Number(row.sequence);
  assert(Number.isSafeInteger(sequence), `sequence ${row.sequence} is not exact`);
  return { journalId: row.journal_id, sequence, meta: decodeMeta(row.meta), raw: row.raw };
}

function allConditions(filter: EventFilter): string[] {
  return [...filterConditions(filter), ...timeConditions(filter)];
}

function fileTable(path: string): string {
  if (/[*?{}]/.test(path)) {
    const reason = `the engine reads * ? { } in ${path} as a pattern; choose another data directory`;
    throw new DependencyError({ dependency: 'engine', operation: 'insert', isRetryable: false, reason });
  }
  return `file(${quoteString(path)}, 'LineAsString', 'line String', 'none')`;
}

/** Cuts a list so that the quoted texts of each part stay within a number of characters, one text at least. */
function chunksOf(texts: readonly string[], charsMax: number): string[][] {
  const chunks: string[][] = [];
  let charsCount = charsMax;
  for (const text of texts) {
    // UTF-8 and escapes at worst triple a character; quotes and comma come on top.
    const chars = /^[\w-]*$/.test(text) ? text.length + 4 : text.length * 3 + 4;
    charsCount += chars;
    if (charsCount > charsMax) {
      chunks.push([]);
      charsCount = chars;
    }
    chunks.at(-1)?.push(text);
  }
  return chunks;
}
