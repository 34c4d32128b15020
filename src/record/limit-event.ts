import type { CloudTrailEvent, Json } from '../model/cloudtrail-event.ts';
import { clipText, type EventLimits, utf8Length } from '../model/limits.ts';

type Mutable = { -readonly [Key in keyof CloudTrailEvent]: CloudTrailEvent[Key] };

const TEXTS = [
  ...(['errorCode', 'errorMessage', 'requestID', 'userAgent'] as const),
  ...(['eventName', 'eventSource', 'awsRegion', 'sourceIPAddress'] as const),
] as const;

/** In the order in which they are given up when the whole is too large. */
const OBJECTS = [
  'responseElements',
  'requestParameters',
  'serviceEventDetails',
  'additionalEventData',
] as const;

/** Entries of `resources` that remain when nothing else makes a record small enough. */
const RESOURCES_LEFT = 20;

/** Levels of `userIdentity` that remain in the same case; real ones have three. */
const IDENTITY_DEPTH_MAX = 6;
const IDENTITY_MEMBERS_MAX = 32;

/** A record inside CloudTrail's limits and its compact JSON form, which holds no literal tab or line break. */
export interface LimitedEvent {
  readonly event: CloudTrailEvent;
  readonly raw: string;
}

/**
 * Applies CloudTrail's limits: long texts are clipped, large objects replaced by a marker, then, while the whole is too
 * large, the objects in turn. Applying it twice changes nothing.
 */
export function limitEvent(event: CloudTrailEvent, limits: EventLimits): LimitedEvent {
  let raw = JSON.stringify(event);
  // A UTF-16 unit is at most three bytes, so a short form with short texts needs no closer look.
  const isShort = raw.length * 3 <= limits.smallObjectBytesMax;
  if (isShort && TEXTS.every((name) => (event[name]?.length ?? 0) * 3 <= limits.textBytesMax)) {
    return { event, raw };
  }
  const limited: Mutable = { ...event };
  for (const name of TEXTS) {
    const text = limited[name];
    if (text !== undefined) limited[name] = clipText(text, limits.textBytesMax);
  }
  if (isShort) return { event: limited, raw: JSON.stringify(limited) };
  for (const name of OBJECTS) {
    const max = name === 'additionalEventData' ? limits.smallObjectBytesMax : limits.objectBytesMax;
    omitAbove(limited, name, max);
  }
  raw = JSON.stringify(limited);
  for (const name of OBJECTS) {
    if (fits(raw, limits)) return { event: limited, raw };
    omitAbove(limited, name, 0);
    raw = JSON.stringify(limited);
  }
  if (fits(raw, limits)) return { event: limited, raw };
  return shrinkRest(limited, limits);
}

/** Only a record with absurd identities, resources or unknown members comes here. */
function shrinkRest(limited: Mutable, limits: EventLimits): LimitedEvent {
  if (limited.resources !== undefined)
    limited.resources = limited.resources
      .slice(0, RESOURCES_LEFT)
      .map((entry) => shrinkObject(entry, limits.textBytesMax));
  limited.userIdentity = shrinkObject(limited.userIdentity, limits.textBytesMax);
  if (limited.tlsDetails !== undefined)
    limited.tlsDetails = shrinkObject(limited.tlsDetails, limits.textBytesMax);
  if (limited.addendum !== undefined) limited.addendum = shrinkObject(limited.addendum, limits.textBytesMax);
  let raw = JSON.stringify(limited);
  if (!fits(raw, limits)) {
    limited.userIdentity = { type: 'Unknown' };
    delete limited.resources;
    delete limited.addendum;
    delete limited.tlsDetails;
    raw = JSON.stringify(limited);
  }
  return { event: limited, raw };
}

function fits(raw: string, limits: EventLimits): boolean {
  return raw.length * 3 <= limits.eventBytesMax || utf8Length(raw) <= limits.eventBytesMax;
}

/** Replaces an object by CloudTrail's marker, which tells its size; a marker is never replaced by another. */
function omitAbove(event: Mutable, name: (typeof OBJECTS)[number], bytesMax: number): void {
  const value = event[name];
  if (value === undefined || value === null || value.omitted === true) return;
  const json = JSON.stringify(value);
  if (json.length * 3 <= bytesMax) return;
  const originalSize = utf8Length(json);
  if (originalSize > bytesMax) event[name] = { reason: `${name} too large`, omitted: true, originalSize };
}

function shrinkObject<Value extends object>(value: Value, textBytesMax: number): Value {
  return shrink(value as unknown as Json, textBytesMax, 0) as unknown as Value;
}

function shrink(value: Json, textBytesMax: number, depth: number): Json {
  if (typeof value === 'string') return clipText(value, textBytesMax);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= IDENTITY_DEPTH_MAX) return {};
  if (Array.isArray(value))
    return value.slice(0, IDENTITY_MEMBERS_MAX).map((item) => shrink(item, textBytesMax, depth + 1));
  const members = Object.entries(value).slice(0, IDENTITY_MEMBERS_MAX);
  return Object.fromEntries(members.map(([name, member]) => [name, shrink(member, textBytesMax, depth + 1)]));
}
