import { ApiError } from '../model/api-error.ts';
import type { EventCategory } from '../model/cloudtrail-event.ts';
import { isoTime } from '../model/iso-time.ts';
import type { EventAttribute, EventFilter } from '../store/event-store.ts';
import { epochMsMax, invalidRange } from './lookup-events.ts';

/** Every attribute that the superset filters and counts by. */
export const searchKeys: readonly EventAttribute[] = [
  'EventId',
  'EventName',
  'EventSource',
  'ReadOnly',
  'Username',
  'ResourceType',
  'ResourceName',
  'AccessKeyId',
  'AccountId',
  'AwsRegion',
  'ErrorCode',
  'SourceIpAddress',
  'UserIdentityArn',
  'UserIdentityType',
  'EventCategory',
  'EventType',
  'RequestId',
  'Verification',
  'Origin',
];
export const eventCategories: readonly EventCategory[] = [
  'Management',
  'Data',
  'NetworkActivity',
  'Insight',
  'Aggregated',
];
const attributesMax = 50;
const textLengthMax = 2000;
const textLengthMin = 1;

/** What `SearchEvents`, `CountEvents` and `TailEvents` filter by; all conditions hold together. */
export interface SearchQuery {
  readonly accountId: string;
  readonly region: string;
  readonly isAllAccounts: boolean;
  /** Accounts that were asked for instead of the caller's own, `*` for all that the caller may see. */
  readonly accounts?: readonly string[];
  /** What `accounts` comes to at this moment. It may be other accounts at the next page. */
  readonly accountIds?: readonly string[];
  /** Absent: the Region of the call; empty: all Regions. */
  readonly regions?: readonly string[];
  /** Absent: all categories. */
  readonly categories?: readonly string[];
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
  /** Both inclusive, epoch seconds. */
  readonly startTime?: number;
  readonly endTime?: number;
  readonly text?: string;
  readonly isError?: boolean;
  readonly isReadOnly?: boolean;
  readonly origin?: 'live' | 'import';
}

/**
 * Checks a query and turns it into the event store's filter; each error names what is wrong and what is
 * allowed.
 */
export function searchFilter(query: SearchQuery): EventFilter {
  const { startTime, endTime, text } = query;
  if (startTime !== undefined && endTime !== undefined && startTime > endTime) {
    throw invalidRange(`the start time ${isoTime(startTime)} is after the end time ${isoTime(endTime)}`);
  }
  for (const time of [startTime, endTime]) {
    if (time !== undefined && Math.abs(time * 1000) > epochMsMax) {
      throw invalidRange(`the time ${isoTime(time)} is outside the possible range`);
    }
  }
  if (text !== undefined && (text.length < textLengthMin || text.length > textLengthMax)) {
    throw invalid(`Text must have ${textLengthMin} to ${textLengthMax} characters, not ${text.length}`);
  }
  const regions = query.regions ?? [query.region];
  return {
    accountIds: query.isAllAccounts ? 'all' : (query.accountIds ?? [query.accountId]),
    ...(regions.length === 0 ? {} : { regions }),
    ...(query.categories === undefined ? {} : { categories: query.categories.map(category) }),
    ...(startTime === undefined ? {} : { sinceMs: Math.ceil(startTime * 1000) }),
    ...(endTime === undefined ? {} : { untilMs: Math.floor(endTime * 1000) }),
    attributes: searchAttributes(query),
    ...(text === undefined ? {} : { text }),
    ...(query.isError === undefined ? {} : { isError: query.isError }),
    ...(query.isReadOnly === undefined ? {} : { isReadOnly: query.isReadOnly }),
    ...(query.origin === undefined ? {} : { origin: query.origin }),
  };
}

export function searchKey(name: string): EventAttribute {
  const known = searchKeys.find((candidate) => candidate === name);
  if (known === undefined) throw invalidAttribute(`'${name}' is not one of ${searchKeys.join(', ')}`);
  return known;
}

function searchAttributes(query: SearchQuery): { key: EventAttribute; value: string }[] {
  if (query.attributes.length > attributesMax)
    throw invalidAttribute(`more than ${attributesMax} attributes were given`);
  return query.attributes.map(({ key, value }) => ({ key: searchKey(key), value }));
}

function category(name: string): EventCategory {
  const known = eventCategories.find((candidate) => candidate === name);
  if (known === undefined)
    throw invalid(`the category '${name}' is not one of ${eventCategories.join(', ')}`);
  return known;
}

function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterException', message);
}

function invalidAttribute(message: string): ApiError {
  return new ApiError('InvalidLookupAttributesException', message);
}
