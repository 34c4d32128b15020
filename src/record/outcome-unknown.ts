import type { EventDraft } from '../model/cloudtrail-event.ts';

/** What an intent records when a crash leaves its call without an outcome: everything but how it ended. */
export function outcomeUnknown(draft: EventDraft): EventDraft {
  return {
    ...draft,
    errorCode: 'OutcomeUnknown',
    errorMessage: 'the recorder stopped before this call ended: whether it took effect is not known',
    responseElements: null,
  };
}
