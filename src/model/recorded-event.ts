/** `live`: recorded by this installation when it happened. `import`: read from log files; feeds the history only. */
export type EventOrigin = 'live' | 'import';

/**
 * How far the principal was verified: `signature` checked here with a known secret; `upstream` accepted the call;
 * `none` neither. Kept beside the record, shown by the CLI, never in the AWS-shaped event.
 */
export type Verification = 'signature' | 'upstream' | 'none';

/** An entry of the `Resources` list that `LookupEvents` answers; the type is null where it is not known. */
export interface LookupResource {
  readonly type: string | null;
  readonly name: string;
}

/** What is kept beside a record and never in it. */
export interface EventMeta {
  /** When it was recorded here, milliseconds since 1970 UTC. */
  readonly recordedAt: number;
  readonly origin: EventOrigin;
  readonly verification: Verification;
  /** `Username` of `LookupEvents`, derived at intake; absent where CloudTrail leaves it out. */
  readonly username?: string;
  /** `Resources` of `LookupEvents`, derived at intake, without duplicates, in order of appearance. */
  readonly resources: readonly LookupResource[];
  /** Imported events only: id of the source object in the catalog (object name, hash, who, when). */
  readonly sourceObjectId?: string;
  /** Blocking calls only: the intent that this event is the outcome of. */
  readonly intentId?: string;
}

/** An event that is ready for the journal: `raw` is the exact record, compact JSON without line breaks and tabs. */
export interface JournalEntry {
  readonly meta: EventMeta;
  readonly raw: string;
}

/** Meta that was encoded already (`encodeMeta`), on another thread than the journal's. Never the outcome of an intent. */
export interface EncodedMeta {
  readonly origin: EventOrigin;
  /** UTF-8. */
  readonly json: Uint8Array;
  readonly intentId?: never;
}

/**
 * What the journal takes: an entry whose record is text, or the UTF-8 bytes that it was read as. Bytes, those of encoded
 * meta too, MUST be valid UTF-8 and stay as they are until the append has settled: they are copied when their batch is written.
 */
export interface EntryToAppend {
  readonly meta: EventMeta | EncodedMeta;
  readonly raw: string | Uint8Array;
}

/** Where an event stands in the journal: the journal's UUID and a number that counts from 1 without gaps. */
export interface Position {
  readonly journalId: string;
  readonly sequence: number;
}

/** An event as the event store returns it. */
export interface StoredEvent extends Position {
  readonly meta: EventMeta;
  readonly raw: string;
}
