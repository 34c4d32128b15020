import type { Clock } from '../base/clock.ts';
import { ApiError } from '../model/api-error.ts';
import { isoTime } from '../model/iso-time.ts';
import type { StoredEvent } from '../model/recorded-event.ts';
import type { AttributeFilter, EventAttribute, EventFilter, EventStore } from '../store/event-store.ts';
import { withEngine } from './engine-unavailable.ts';
import { pageKeyOf } from './page-key.ts';
import type { PageTokens } from './page-token.ts';

/** How far `LookupEvents` looks back, milliseconds: AWS's 90 days. `SearchEvents` has no such bound. */
const lookbackMs = 90 * 24 * 60 * 60_000;
export const lookupMaxResults = 50;
const attributeValueLengthMax = 2000;

const lookupKeys: readonly EventAttribute[] = [
  'EventId',
  'EventName',
  'ReadOnly',
  'Username',
  'ResourceType',
  'ResourceName',
  'EventSource',
  'AccessKeyId',
];
const insightKeys: readonly EventAttribute[] = ['EventId', 'EventName', 'EventSource'];

export interface LookupEventsQuery {
  readonly accountId: string;
  readonly region: string;
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
  /** Both inclusive, epoch seconds, fractions allowed. */
  readonly startTime?: number;
  readonly endTime?: number;
  readonly isInsight: boolean;
  /** 1 to 50. */
  readonly maxResults: number;
  readonly nextToken?: string;
}

export interface EventPage {
  readonly events: readonly StoredEvent[];
  /** Absent on the last page. */
  readonly nextToken?: string;
}

export type LookupEvents = (query: LookupEventsQuery, signal?: AbortSignal) => Promise<EventPage>;

/**
 * Event history exactly as AWS answers it: one attribute at most, one account and Region, the last 90 days,
 * newest first. Pages continue behind an event and not at an offset, so that new events never shift them.
 */
export function createLookupEvents(options: {
  readonly store: EventStore;
  readonly tokens: PageTokens;
  readonly clock: Clock;
}): LookupEvents {
  const { store, tokens, clock } = options;
  return async (query, signal) => {
    const attributes = checkedAttributes(query);
    const { sinceMs, untilMs } = timeRange(query, clock.now());
    const scope = {
      operation: 'LookupEvents',
      accountId: query.accountId,
      region: query.region,
      parameters: [query.attributes, query.startTime ?? null, query.endTime ?? null, query.isInsight],
    };
    const after = query.nextToken === undefined ? undefined : tokens.read(scope, query.nextToken);
    const filter: EventFilter = {
      accountIds: [query.accountId],
      regions: [query.region],
      categories: [query.isInsight ? 'Insight' : 'Management'],
      sinceMs,
      ...(untilMs === undefined ? {} : { untilMs }),
      attributes,
    };
    // One more than the page, to know whether there is another.
    const page = { limit: query.maxResults + 1, ...(after === undefined ? {} : { after }) };
    const found = await withEngine(() => store.find(filter, page, signal));
    const events = found.slice(0, query.maxResults);
    const last = events.at(-1);
    if (found.length <= query.maxResults || last === undefined) return { events };
    return { events, nextToken: tokens.issue(scope, pageKeyOf(last)) };
  };
}

function checkedAttributes(query: LookupEventsQuery): AttributeFilter[] {
  const invalid = (message: string) => new ApiError('InvalidLookupAttributesException', message);
  if (query.attributes.length > 1) throw invalid('only one lookup attribute can be given');
  return query.attributes.map(({ key, value }) => {
    const known = lookupKeys.find((candidate) => candidate === key);
    if (known === undefined)
      throw invalid(`the lookup attribute key '${key}' is not one of ${lookupKeys.join(', ')}`);
    if (query.isInsight && !insightKeys.includes(known)) {
      throw invalid(`the lookup attribute key '${key}' cannot be used with the event category insight`);
    }
    if (value === '') throw invalid(`the value of the lookup attribute ${key} is empty`);
    if (attributeLength(value) > attributeValueLengthMax) {
      throw invalid(
        `the value of the lookup attribute ${key} is longer than ${attributeValueLengthMax} characters`,
      );
    }
    return { key: known, value };
  });
}

/** `_`, blank, comma and line break count as two characters. */
function attributeLength(value: string): number {
  let length = 0;
  for (const character of value) length += '_ ,\n'.includes(character) ? 2 : 1;
  return length;
}

/** A start before the window is clipped to it; a range that lies wholly before it cannot be meant. */
function timeRange(
  query: LookupEventsQuery,
  nowMs: number,
): { sinceMs: number; untilMs: number | undefined } {
  const { startTime, endTime } = query;
  const earliestMs = nowMs - lookbackMs;
  if (startTime !== undefined && endTime !== undefined && startTime > endTime) {
    throw invalidRange(`the start time ${isoTime(startTime)} is after the end time ${isoTime(endTime)}`);
  }
  for (const time of [startTime, endTime]) {
    if (time !== undefined && (time < 0 || time * 1000 > epochMsMax)) {
      throw invalidRange(`the time ${isoTime(time)} is outside the possible range`);
    }
  }
  if (endTime !== undefined && endTime * 1000 < earliestMs) {
    throw invalidRange(`the end time ${isoTime(endTime)} is more than 90 days ago`);
  }
  const sinceMs = startTime === undefined ? earliestMs : Math.max(earliestMs, Math.ceil(startTime * 1000));
  return { sinceMs, untilMs: endTime === undefined ? undefined : Math.floor(endTime * 1000) };
}

/** The last moment that ISO-8601 with four digits for the year can name. */
export const epochMsMax = 253_402_300_799_999;

export function invalidRange(message: string): ApiError {
  return new ApiError('InvalidTimeRangeException', message);
}
