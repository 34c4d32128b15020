import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { SkippedFile } from './import-source.ts';

/** Refusals and conflicts that a summary names; the others are counted. */
const NAMED_MAX = 20;
/** Files that are skipped for the same reason are much alike: a few tell which kind is meant. */
const SKIPPED_NAMED_MAX = 3;

/** A refused record by its file and number, or a whole file without one. */
export interface NamedRefusal {
  readonly uri: string;
  readonly index: number | undefined;
  readonly reason: string;
}

/** What an import has come to so far. */
export class ImportTally {
  filesCount = 0;
  /** Imported completely before, and not read again. */
  completeBeforeCount = 0;
  storedCount = 0;
  seenBeforeCount = 0;
  conflictCount = 0;
  refusedCount = 0;
  firstEventTime = Number.POSITIVE_INFINITY;
  lastEventTime = Number.NEGATIVE_INFINITY;
  readonly refusals: NamedRefusal[] = [];
  readonly conflictIds: string[] = [];
  /** By reason, how many and the first few. */
  readonly skipped = new Map<string, { count: number; readonly uris: string[] }>();

  get recordsCount(): number {
    return this.storedCount + this.seenBeforeCount + this.conflictCount + this.refusedCount;
  }

  /** Adds one entry of the `Objects` that `ImportEvents` answers. */
  addOutcome(outcome: JsonObject): void {
    this.storedCount += numberOf(outcome.StoredCount);
    this.seenBeforeCount += numberOf(outcome.SeenBeforeCount);
    this.conflictCount += numberOf(outcome.ConflictCount);
    this.refusedCount += numberOf(outcome.RefusedCount);
    if (outcome.IsDigest === true)
      this.addSkipped({ uri: String(outcome.Uri), reason: 'digest files hold no events' });
    if (numberOf(outcome.LastEventTime) !== 0) {
      this.firstEventTime = Math.min(this.firstEventTime, numberOf(outcome.FirstEventTime));
      this.lastEventTime = Math.max(this.lastEventTime, numberOf(outcome.LastEventTime));
    }
    for (const { Index, Reason } of listOf(outcome.Refusals)) {
      this.#name({ uri: String(outcome.Uri), index: numberOf(Index), reason: String(Reason) });
    }
    for (const { EventId } of listOf(outcome.Conflicts)) {
      if (this.conflictIds.length < NAMED_MAX) this.conflictIds.push(String(EventId));
    }
  }

  /** A record, or without an index a whole file, that never reached the server. */
  addRefusal(refusal: NamedRefusal): void {
    this.refusedCount++;
    this.#name(refusal);
  }

  addSkipped({ uri, reason }: SkippedFile): void {
    const skipped = this.skipped.get(reason) ?? { count: 0, uris: [] };
    this.skipped.set(reason, skipped);
    skipped.count++;
    if (skipped.uris.length < SKIPPED_NAMED_MAX) skipped.uris.push(uri);
  }

  #name(refusal: NamedRefusal) {
    if (this.refusals.length < NAMED_MAX) this.refusals.push(refusal);
  }
}

function numberOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
