import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import { encodeMeta } from '../../model/journal-line.ts';
import { deriveLookupFields } from '../../model/lookup-fields.ts';
import { type BatchRecord, NO_SOURCE_OBJECT } from './record-batch.ts';

/** CloudTrail writes at most 256 KB per record; four times that leaves room for tools that add members. */
export const RECORD_BYTES_MAX = 1 << 20;

/** AWS uses UUIDs; other writers of the format have longer ids. */
const EVENT_ID_CHARACTERS_MAX = 256;

// 2026-03-02T09:14:05Z, 2026-03-02T09:14:05.123Z
const EVENT_TIME = /^(19[789]\d|2[01]\d\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

/** What all records of a body have in common. */
export interface RecordSettings {
  /** Milliseconds since 1970 UTC. */
  readonly recordedAtMs: number;
}

/**
 * The record, of which the bytes hold no tab and no line break; or why it cannot be stored, in words for whoever imports
 * it; undefined for a digest, which is no record but nothing wrong either.
 */
export function checkRecord(bytes: Uint8Array, settings: RecordSettings): BatchRecord | string | undefined {
  const record = parseRecord(bytes);
  return typeof record === 'string' ? record : checkParsed(bytes, record, settings);
}

/** What the bytes say as JSON, or why they say nothing. */
export function parseRecord(bytes: Uint8Array): JsonObject | string {
  if (bytes.length > RECORD_BYTES_MAX) return `over 1 MB (${bytes.length} bytes)`;
  if (!isUtf8(bytes)) return 'not valid UTF-8';
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let event: Json;
  try {
    event = JSON.parse(raw) as Json;
  } catch (error) {
    return `not valid JSON: ${reasonOf(error)}`;
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'not a JSON object';
  return event as JsonObject;
}

/** `checkRecord` of bytes that were parsed. */
export function checkParsed(
  bytes: Uint8Array,
  record: JsonObject,
  { recordedAtMs }: RecordSettings,
): BatchRecord | string | undefined {
  const { eventID: eventId, eventTime } = record;
  if (typeof eventId !== 'string' || eventId === '') return isDigest(record) ? undefined : 'has no eventID';
  if (eventId.length > EVENT_ID_CHARACTERS_MAX)
    return `eventID is over ${EVENT_ID_CHARACTERS_MAX} characters long`;
  const eventTimeMs = parseEventTime(eventTime);
  if (eventTimeMs === undefined) return `eventTime is not a UTC time: ${describe(eventTime)}`;
  const { username, resources } = deriveLookupFields(record);
  const metaJson = encodeMeta({
    recordedAt: recordedAtMs,
    origin: 'import',
    verification: 'none',
    ...(username === undefined ? {} : { username }),
    resources,
    sourceObjectId: NO_SOURCE_OBJECT,
  });
  return { bytes, eventId, eventTimeMs, sha256: hash('sha256', bytes, 'hex'), metaJson };
}

/** A digest file is one object of its own; no event has these members at its first level. */
function isDigest(record: JsonObject): boolean {
  return record.digestStartTime !== undefined && record.digestS3Bucket !== undefined;
}

function parseEventTime(value: Json | undefined): number | undefined {
  if (typeof value !== 'string' || !EVENT_TIME.test(value)) return undefined;
  const month = twoDigits(value, 5);
  const day = twoDigits(value, 8);
  const hour = twoDigits(value, 11);
  const minute = twoDigits(value, 14);
  const second = twoDigits(value, 17);
  const startOfDay = Date.UTC(twoDigits(value, 0) * 100 + twoDigits(value, 2), month - 1, day);
  // 31 February and the 13th month become another date; 24:00:00 is another day's 00:00:00.
  const isDate = month >= 1 && month <= 12 && (day <= 28 || new Date(startOfDay).getUTCDate() === day);
  if (!isDate || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  // The digits themselves: 4.035 * 1000 is a little less than 4035.
  const fractionMs = value.length === 20 ? 0 : Number(value.slice(20, -1).slice(0, 3).padEnd(3, '0'));
  return startOfDay + hour * 3_600_000 + minute * 60_000 + second * 1_000 + fractionMs;
}

/** Without a text of its own for each: this is done for every record. */
function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

function describe(value: Json | undefined): string {
  return value === undefined ? 'it is missing' : JSON.stringify(value).slice(0, 60);
}

/** The parser's reason without the piece of the record that it quotes. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/, ?(\.\.\.)?".*$/s, '').slice(0, 120);
}
