import { type RecordServiceAction, serviceActionDraft } from '../aws/services/service-action.ts';
import type { Clock } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Recorder } from '../record/intake.ts';
import { eventTime } from '../record/service-event.ts';

/** Records what OpenTrail does in the name of a service; what cannot be recorded is part of the recorder's gap. */
export function createServiceActionRecorder(options: {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): RecordServiceAction {
  const { recorder, clock, random, log } = options;
  return async (action) => {
    const facts = { eventTime: eventTime(clock.now()), requestId: random.uuid() };
    try {
      // Nobody signed it: it is the server's own word.
      await recorder.record(serviceActionDraft(action, facts), { verification: 'none', isAdmitted: true });
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      log.error('server.actionNotRecorded', { eventName: action.eventName, error });
    }
  };
}
