import type { EventCategory, Json, JsonObject } from '../../model/cloudtrail-event.ts';
import { decodeMeta } from '../../model/journal-line.ts';
import type { EventMeta, EventOrigin } from '../../model/recorded-event.ts';
import type { EventAttribute, EventFilter, PageKey } from '../event-store.ts';

/** A stored line with what is searched in it: the columns that the SQL backends extract. */
export interface EventRow extends PageKey {
  readonly eventId: string;
  readonly line: string;
  readonly raw: string;
  readonly meta: EventMeta;
  readonly values: Readonly<Record<EventAttribute, readonly string[]>>;
}

// 2026-03-02T09:14:05Z, 2026-03-02T09:14:05.123Z
const EVENT_TIME = /^(19[789]\d|2[01]\d\d)-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/;

export function readEventRow(
  journalId: string,
  parts: { readonly sequence: number; readonly metaJson: string; readonly raw: string },
  line: string,
): EventRow {
  const meta = decodeMeta(parts.metaJson);
  const event = parseObject(parts.raw);
  const identity = object(event.userIdentity);
  const category = text(event.eventCategory) || categoryOf(event);
  const eventId = text(event.eventID);
  const values: EventRow['values'] = {
    EventId: [eventId],
    EventName: [text(event.eventName)],
    EventSource: [text(event.eventSource)],
    ReadOnly: [typeof event.readOnly === 'boolean' ? String(event.readOnly) : ''],
    Username: [meta.username ?? ''],
    ResourceType: meta.resources.map((resource) => resource.type ?? ''),
    ResourceName: meta.resources.map((resource) => resource.name),
    AccessKeyId: [text(identity.accessKeyId)],
    AccountId: [text(event.recipientAccountId) || text(identity.accountId)],
    AwsRegion: [text(event.awsRegion)],
    ErrorCode: [text(event.errorCode)],
    SourceIpAddress: [text(event.sourceIPAddress)],
    UserIdentityArn: [text(identity.arn)],
    UserIdentityType: [text(identity.type)],
    EventCategory: [category],
    EventType: [text(event.eventType)],
    RequestId: [text(event.requestID)],
    Verification: [meta.verification],
    Origin: [meta.origin],
  };
  const eventTimeMs = parseEventTime(event.eventTime) ?? meta.recordedAt;
  return {
    journalId,
    sequence: parts.sequence,
    line,
    raw: parts.raw,
    meta,
    values,
    eventTimeMs,
    eventId,
  };
}

/** Undefined unless it is a UTC time as CloudTrail writes it: such an event is filed under the time of its recording. */
function parseEventTime(value: Json | undefined): number | undefined {
  if (typeof value !== 'string' || !EVENT_TIME.test(value)) return undefined;
  const time = Date.parse(value);
  // Date.parse makes March of the 30th of February.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== value.slice(0, 19))
    return undefined;
  return time;
}

/** Records older than event version 1.08 have no `eventCategory`. */
function categoryOf(event: JsonObject): EventCategory {
  if (event.eventType === 'AwsCloudTrailInsight') return 'Insight';
  return event.managementEvent === false ? 'Data' : 'Management';
}

function parseObject(raw: string): JsonObject {
  try {
    return object(JSON.parse(raw) as Json);
  } catch {
    // What is not JSON is kept and found by its text and its time of recording, as in every backend.
    return {};
  }
}

function object(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** What should be text but is not is found by its JSON. */
function text(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

export function matchesFilter(row: EventRow, filter: EventFilter): boolean {
  const has = (attribute: EventAttribute, wanted: readonly string[]) =>
    row.values[attribute].some((value) => wanted.includes(value));
  if (filter.accountIds !== 'all' && !has('AccountId', filter.accountIds)) return false;
  if (filter.regions !== undefined && !has('AwsRegion', filter.regions)) return false;
  if (filter.categories !== undefined && !has('EventCategory', filter.categories)) return false;
  if (filter.sinceMs !== undefined && row.eventTimeMs < filter.sinceMs) return false;
  if (filter.untilMs !== undefined && row.eventTimeMs > filter.untilMs) return false;
  if (filter.origin !== undefined && row.meta.origin !== filter.origin) return false;
  if (filter.isError !== undefined && has('ErrorCode', ['']) === filter.isError) return false;
  if (filter.isReadOnly !== undefined && !has('ReadOnly', [String(filter.isReadOnly)])) return false;
  if (filter.text !== undefined && !row.raw.toLowerCase().includes(filter.text.toLowerCase())) return false;
  return (filter.attributes ?? []).every(({ key, value }) => has(key, [value]));
}

/** Newest first, and of the same time what was recorded last first. */
export function compareNewestFirst(left: EventRow, right: EventRow): number {
  if (left.eventTimeMs !== right.eventTimeMs) return right.eventTimeMs - left.eventTimeMs;
  if (left.journalId !== right.journalId) return left.journalId < right.journalId ? 1 : -1;
  return right.sequence - left.sequence;
}

const DAY_MS = 86_400_000;

/** `live-20260302`, a week by its Monday, or `import-202603`: what is dropped as one. */
export function partitionName(origin: EventOrigin, eventTimeMs: number): string {
  const daysSinceMonday = (new Date(eventTimeMs).getUTCDay() + 6) % 7;
  const fromMs = origin === 'live' ? eventTimeMs - daysSinceMonday * DAY_MS : eventTimeMs;
  const day = new Date(fromMs).toISOString().slice(0, 10).replaceAll('-', '');
  return origin === 'live' ? `live-${day}` : `import-${day.slice(0, 6)}`;
}

/** First and last moment of a partition, both inclusive, milliseconds since 1970 UTC. */
export function partitionBounds(name: string): { fromMs: number; toMs: number } {
  const digits = name.slice(name.indexOf('-') + 1);
  const year = Number(digits.slice(0, 4));
  const month = Number(digits.slice(4, 6)) - 1;
  const day = digits.length === 8 ? Number(digits.slice(6, 8)) : undefined;
  const fromMs = Date.UTC(year, month, day ?? 1);
  const end = day === undefined ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, day + 7);
  return { fromMs, toMs: end - 1 };
}
