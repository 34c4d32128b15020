import type { CloudTrailEvent } from '../model/cloudtrail-event.ts';
import type { StoredEvent } from '../model/recorded-event.ts';
import type { PageKey } from '../store/event-store.ts';

/** The place of an event in the order of pages; one whose time cannot be read is filed under its recording. */
export function pageKeyOf(stored: StoredEvent): PageKey {
  const event = JSON.parse(stored.raw) as CloudTrailEvent;
  const { journalId, sequence, meta } = stored;
  const timeMs = Date.parse(event.eventTime);
  return {
    eventTimeMs: Number.isNaN(timeMs) ? meta.recordedAt : timeMs,
    journalId,
    sequence,
  };
}
