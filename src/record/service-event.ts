import type { EventDraft, JsonObject } from '../model/cloudtrail-event.ts';

/** Event source of everything that OpenTrail says about itself and of the operations that are ours alone. */
export const OPENTRAIL_SOURCE = 'opentrail.amazonaws.com';

/** What the recorder records about itself, and what each event's `serviceEventDetails` tells. */
export const SERVICE_EVENTS = {
  RecordingStarted:
    'Recording begins: version, journal, recording mode of each service, and `auth` where it is off.',
  RecordingStopped: 'A clean stop: the signal, when recording had begun, the last sequence number before.',
  RecordingInterrupted:
    'Found at a start: the server before did not stop cleanly. When it had begun and was last alive, and how many ' +
    'blocking calls have no outcome; those are recorded beside it.',
  RecordingWeakened:
    'A start with less recording than the one before: each option with its value before and after.',
  RootKeyReplaced:
    'Found at a start: the root key is another one than at the start before; the id of each, and where the key is from.',
  MasterKeyReplaced:
    'Found at a start: secrets are sealed with another master key than at the start before; the id of each.',
  RecordingGap: 'Events or blocking calls were refused: how many, from when to when, for which reasons.',
  JournalDamaged:
    'The journal is not as it was written: each place with what was found, set aside and reported.',
  UnverifiedCallsSummarized:
    'Calls that nobody vouched for, beyond the rate of their source: source, count, span, the most frequent kinds.',
} as const;

export type ServiceEventName = keyof typeof SERVICE_EVENTS;

export interface ServiceEventOptions {
  readonly name: ServiceEventName;
  readonly details: JsonObject;
  readonly accountId: string;
  readonly region: string;
  readonly atMs: number;
}

/** A service event in the shape that AWS services' own events have: no caller, the facts in `serviceEventDetails`. */
export function serviceEventDraft(options: ServiceEventOptions): EventDraft {
  return {
    userIdentity: { accountId: options.accountId, invokedBy: OPENTRAIL_SOURCE },
    eventTime: eventTime(options.atMs),
    eventSource: OPENTRAIL_SOURCE,
    eventName: options.name,
    awsRegion: options.region,
    sourceIPAddress: OPENTRAIL_SOURCE,
    userAgent: OPENTRAIL_SOURCE,
    requestParameters: null,
    responseElements: null,
    readOnly: false,
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: options.accountId,
    serviceEventDetails: options.details,
    eventCategory: 'Management',
  };
}

/** `2026-03-02T09:14:05Z` */
export function eventTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
