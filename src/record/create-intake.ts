import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { EventDraft } from '../model/cloudtrail-event.ts';
import { orderEvent } from '../model/event-order.ts';
import { CLOUDTRAIL_LIMITS, type EventLimits } from '../model/limits.ts';
import { deriveLookupFields } from '../model/lookup-fields.ts';
import type { EventMeta } from '../model/recorded-event.ts';
import type { Accepted, Intake } from './intake.ts';
import { limitEvent } from './limit-event.ts';

/** Version that every record of ours has: the newest. */
const EVENT_VERSION = '1.11';

export interface IntakeOptions {
  /** Account that a draft is for that names none. */
  readonly accountId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: EventLimits;
}

export function createIntake(options: IntakeOptions): Intake {
  const limits = options.limits ?? CLOUDTRAIL_LIMITS;
  return {
    accept(draft: EventDraft, { verification, intentId }): Accepted {
      const recordedAt = options.clock.now();
      const stamped = orderEvent(draft, {
        eventVersion: EVENT_VERSION,
        eventID: draft.eventID ?? options.random.uuid(),
        recipientAccountId: draft.recipientAccountId === '' ? options.accountId : draft.recipientAccountId,
      });
      const { event, raw } = limitEvent(stamped, limits);
      const { username, resources } = deriveLookupFields(event);
      const meta: EventMeta = {
        recordedAt,
        origin: 'live',
        verification,
        ...(username === undefined ? {} : { username }),
        resources,
        ...(intentId === undefined ? {} : { intentId }),
      };
      return { event, entry: { meta, raw } };
    },
  };
}
