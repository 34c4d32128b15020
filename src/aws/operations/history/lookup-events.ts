import { lookupMaxResults } from '../../../history/lookup-events.ts';
import type { CloudTrailEvent, Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { StoredEvent } from '../../../model/recorded-event.ts';
import type { Operation } from '../operation.ts';

interface LookupEventsInput {
  readonly LookupAttributes?: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[];
  readonly StartTime?: number;
  readonly EndTime?: number;
  readonly EventCategory?: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/** `LookupEvents`: the management or Insights events of an account and Region, newest first. */
export const lookupEvents: Operation = {
  isBuilt: true,
  ownExceptions: {
    LookupAttributes: 'InvalidLookupAttributesException',
    EventCategory: 'InvalidEventCategoryException',
    MaxResults: 'InvalidMaxResultsException',
  },
  notes: [
    'a `StartTime` before the last 90 days is clipped to them; an `EndTime` before them answers `InvalidTimeRangeException` (unconfirmed)',
    'events of one second come in the order of recording, the newest first (unconfirmed)',
    'a `NextToken` is good for 24 hours and for the same parameters, `MaxResults` left out',
    'a resource whose type is not known has no `ResourceType`',
    '2 calls a second per account and Region only with `--throttle aws`; off by default',
  ],
  async run(call, context) {
    const input = call.input as LookupEventsInput;
    const page = await context.lookupEvents(
      {
        accountId: call.caller.accountId,
        region: call.caller.region,
        attributes: (input.LookupAttributes ?? []).map((attribute) => ({
          key: attribute.AttributeKey,
          value: attribute.AttributeValue,
        })),
        ...(input.StartTime === undefined ? {} : { startTime: input.StartTime }),
        ...(input.EndTime === undefined ? {} : { endTime: input.EndTime }),
        isInsight: input.EventCategory === 'insight',
        maxResults: input.MaxResults ?? lookupMaxResults,
        ...(input.NextToken === undefined ? {} : { nextToken: input.NextToken }),
      },
      call.signal,
    );
    return {
      Events: page.events.map(toWireEvent),
      ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
    };
  },
};

/** An entry of `Events`; members that an event has no value for are left out. */
export function toWireEvent(stored: StoredEvent): JsonObject {
  const event = JSON.parse(stored.raw) as CloudTrailEvent;
  const accessKeyId = event.userIdentity?.accessKeyId;
  const wire: Record<string, Json> = { EventId: event.eventID, EventName: event.eventName };
  if (event.readOnly !== undefined) wire.ReadOnly = String(event.readOnly);
  if (accessKeyId !== undefined && accessKeyId !== '') wire.AccessKeyId = accessKeyId;
  wire.EventTime = Date.parse(event.eventTime) / 1000;
  wire.EventSource = event.eventSource;
  if (stored.meta.username !== undefined) wire.Username = stored.meta.username;
  wire.Resources = stored.meta.resources.map(
    ({ type, name }): JsonObject =>
      type === null ? { ResourceName: name } : { ResourceType: type, ResourceName: name },
  );
  wire.CloudTrailEvent = stored.raw;
  return wire;
}
