import type { Json } from '../../../model/cloudtrail-event.ts';
import { type DateStyle, writeDate } from './date-text.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';

/** Names that hold a map in every API that has them, so that the keys below are the caller's. */
const MAP_NAMES = new Set(
  [
    ...[
      'tags',
      'attributes',
      'encryptionContext',
      'parameters',
      'variables',
      'environmentVariables',
      'labels',
    ],
    ...['metadata', 'details', 'logins', 'headers', 'options', 'properties', 'settings', 'resourceTags'],
    ...['responseParameters', 'requestParameters', 'responseTemplates', 'requestTemplates', 'clientMetadata'],
  ].map((name) => name.toLowerCase()),
);

/** Example: `maxResults`, `PageSize`, `limit`. */
const COUNT_NAME = /^(?:max(?:Results|Items|Records|Entries)|pageSize|limit)$/i;

/** Example: `startTime`, `CreationDate`, `createdAt`. */
const TIME_NAME = /(?:time|date|timestamp)$|[a-z]At$/i;

/** Example: `CiphertextBlob`, `ImageBytes`, `zipFile`: contents, which no record has. */
const CONTENT_NAME = /(?:blob|bytes|zipFile|payload)$/i;

/** 2001 to 2100 in seconds: other numbers under such a name are durations and the like. */
const EPOCH_SECONDS_MIN = 1_000_000_000;
const EPOCH_SECONDS_MAX = 4_102_444_800;

/** Whether a text is most likely the content of something, which is left out. */
export function isContentName(name: string): boolean {
  return CONTENT_NAME.test(name);
}

export function isMapName(name: string): boolean {
  return MAP_NAMES.has(name.toLowerCase());
}

/** What a value of a service without compiled shapes most likely is; undefined when its text says all. */
export function guessedValue(name: string, value: Json, dateStyle: DateStyle): Json | undefined {
  if (UNCONFIRMED.typesRestNumbersByName && typeof value === 'string' && COUNT_NAME.test(name))
    return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  if (UNCONFIRMED.readsEpochByName && typeof value === 'number' && TIME_NAME.test(name))
    return value >= EPOCH_SECONDS_MIN && value <= EPOCH_SECONDS_MAX
      ? writeDate(Math.round(value * 1000), dateStyle)
      : undefined;
  return undefined;
}
