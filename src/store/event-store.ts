import type { EventCategory } from '../model/cloudtrail-event.ts';
import type { EventOrigin, Position, StoredEvent } from '../model/recorded-event.ts';

/** Attributes that events can be looked up by: AWS's eight, then ours. All match the whole value, case-sensitively. */
export type EventAttribute =
  | 'EventId'
  | 'EventName'
  | 'EventSource'
  | 'ReadOnly'
  | 'Username'
  | 'ResourceType'
  | 'ResourceName'
  | 'AccessKeyId'
  | 'AccountId'
  | 'AwsRegion'
  | 'ErrorCode'
  | 'SourceIpAddress'
  | 'UserIdentityArn'
  | 'UserIdentityType'
  | 'EventCategory'
  | 'EventType'
  | 'RequestId'
  | 'Verification'
  | 'Origin';

export interface AttributeFilter {
  readonly key: EventAttribute;
  readonly value: string;
}

/** All conditions hold together; an absent member does not restrict. */
export interface EventFilter {
  /** Accounts whose events may be seen (`recipientAccountId`); never absent, so that no caller forgets it. */
  readonly accountIds: readonly string[] | 'all';
  readonly regions?: readonly string[];
  readonly categories?: readonly EventCategory[];
  /** Both inclusive, milliseconds since 1970 UTC, compared with `eventTime`. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly attributes?: readonly AttributeFilter[];
  /** Case-insensitive substring of the raw event. */
  readonly text?: string;
  readonly isError?: boolean;
  readonly isReadOnly?: boolean;
  readonly origin?: EventOrigin;
}

/**
 * Where a page ended: newest first, and of the same time what was recorded last first (`eventTime` is in whole seconds, so
 * that calls in quick succession share one). Events of the same time from different journals follow in the order of the
 * journals' ids.
 */
export interface PageKey extends Position {
  readonly eventTimeMs: number;
}

/** A week from Monday of live events, a month of imported ones, by `eventTime` in UTC. */
export interface Partition {
  readonly name: string;
  readonly origin: EventOrigin;
  /** First and last moment that it can hold, milliseconds since 1970 UTC, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly eventsCount: number;
  readonly sizeBytes: number;
}

/** Consecutive sequence numbers of one journal, none missing: `eventsCount = lastSequence - firstSequence + 1`. */
export interface SequenceRange {
  readonly journalId: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly eventsCount: number;
}

/** What the event store is told about a sealed segment. */
export interface SegmentToStore {
  readonly journalId: string;
  readonly path: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly eventsCount: number;
  readonly contentHash: string;
  /** Sequence numbers in the file that are not events to be stored. */
  readonly skip: readonly number[];
}

/** A line as it was journalled, and whether the event would be found by what it says. */
export interface HistoryLine {
  /** As the store has it; above `Number.MAX_SAFE_INTEGER`, which no journal reaches, it is not exact. */
  readonly sequence: number;
  readonly line: string;
  /**
   * Names of the searched columns that are not what storing the line would have made of it. Only there when there
   * are any, which means that the store was changed behind the server's back.
   */
  readonly changedColumns?: readonly string[];
}

/**
 * Where recorded events are kept and found. Implementations translate every foreign error into a `DependencyError`
 * (`engine`); a store that is down rejects at once with a retryable one.
 */
export interface EventStore {
  /**
   * Stores all events of a segment, exactly once however often it is called with the same segment (token of range and
   * hash); resolves only when they are durable and visible. A crash halfway leaves all or none of them visible.
   */
  storeSegment(segment: SegmentToStore, signal?: AbortSignal): Promise<void>;
  /** In the order of `PageKey`, at most `limit`; `after` continues behind a page's last event. */
  find(
    filter: EventFilter,
    page: { readonly limit: number; readonly after?: PageKey },
    signal?: AbortSignal,
  ): Promise<StoredEvent[]>;
  count(filter: EventFilter, signal?: AbortSignal): Promise<number>;
  /** The `limit` most frequent values of an attribute with their counts, most frequent first. */
  facet(
    filter: EventFilter,
    attribute: EventAttribute,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ value: string; count: number }[]>;
  /** Live events of a journal after a sequence up to and including another, in sequence order: what followers read. */
  readAfter(
    after: Position,
    upTo: number,
    options: { readonly filter?: EventFilter; readonly limit: number },
  ): Promise<StoredEvent[]>;
  /**
   * Every stored line of a journal's range in sequence order, for verification; bytes as they were journalled. Nothing
   * is taken for granted: a range from 0 to `Number.MAX_SAFE_INTEGER` gives every row that bears the journal's id.
   */
  lines(journalId: string, firstSequence: number, lastSequence: number): AsyncIterable<HistoryLine>;
  /** Of the given event ids those that are stored, with the SHA-256 of their raw event in hex. */
  existing(
    eventIds: readonly string[],
    bounds?: { sinceMs: number; untilMs: number },
  ): Promise<Map<string, string>>;
  /** All stored event ids, in no order, in chunks. */
  eventIds(): AsyncIterable<readonly string[]>;
  partitions(): Promise<Partition[]>;
  /** Exactly which sequence numbers a partition holds, by journal and number; nothing for one that is not there. */
  sequenceRanges(partition: string): Promise<SequenceRange[]>;
  /** Drops a partition with all that it holds. */
  dropPartition(name: string): Promise<void>;
  /** Events held per journal: highest sequence and how many there are. */
  totals(): Promise<{ journalId: string; highestSequence: number; eventsCount: number }[]>;
  /** Resolves when the engine answers; rejects with a `DependencyError` within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}
