import type { CloudTrailEvent, EventDraft } from '../model/cloudtrail-event.ts';
import type { JournalEntry, Verification } from '../model/recorded-event.ts';

/** What intake returns for an event that was accepted. */
export interface Accepted {
  readonly event: CloudTrailEvent;
  readonly entry: JournalEntry;
}

/**
 * Turns a draft from any source into an entry for the journal: stamps `eventVersion`, `eventID` and `recordedAt`, puts the
 * members into the order of real records, applies the size limits of CloudTrail, derives `Username` and `Resources`.
 * It does not know who will read the event. Masking has happened before: drafts hold nothing that must be hidden.
 */
export interface Intake {
  accept(
    draft: EventDraft,
    options: { readonly verification: Verification; readonly intentId?: string },
  ): Accepted;
}

export interface RecordOptions {
  readonly verification: Verification;
  readonly intentId?: string;
  /** True when the rate of unverified calls was asked already, before the call was forwarded. */
  readonly isAdmitted?: boolean;
}

/**
 * Where everything that is recorded goes: intake, then the journal. Resolves when the event is durable.
 * Rejects with a `DependencyError` (`journal`) when it cannot be recorded; the recorder counts that as a refusal.
 */
export interface Recorder {
  record(draft: EventDraft, options: RecordOptions): Promise<void>;
}
