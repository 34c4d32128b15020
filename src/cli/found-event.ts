import type { Json, JsonObject } from '../model/cloudtrail-event.ts';
import { CliError } from './client/cli-error.ts';

/** An event as `SearchEvents` and `TailEvents` answer it: the record, and what is kept beside it. */
export interface FoundEvent {
  /** The event exactly as recorded. */
  readonly raw: string;
  readonly record: JsonObject;
  readonly username: string;
  readonly resources: readonly { readonly type: string; readonly name: string }[];
  /** `signature`, `upstream` or `none`. */
  readonly verification: string;
  readonly origin: string;
  /** Milliseconds since 1970 UTC. */
  readonly recordedAtMs: number;
  readonly journalId: string;
  readonly sequence: number;
}

export function readFoundEvent(value: Json | undefined): FoundEvent {
  const event = objectOf(value);
  const { CloudTrailEvent: raw, Resources: resources } = event;
  if (typeof raw !== 'string') throw new CliError('the server answered an event without CloudTrailEvent');
  return {
    raw,
    record: objectOf(JSON.parse(raw) as Json),
    username: textOf(event.Username),
    resources: (Array.isArray(resources) ? (resources as readonly Json[]) : []).map((resource) => ({
      type: textOf(objectOf(resource).ResourceType),
      name: textOf(objectOf(resource).ResourceName),
    })),
    verification: textOf(event.Verification),
    origin: textOf(event.Origin),
    recordedAtMs: Number(event.RecordedAt ?? 0) * 1_000,
    journalId: textOf(event.JournalId),
    sequence: Number(event.Sequence ?? 0),
  };
}

/** The text of a member of the record; empty where it is not text. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
