import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { ApiError } from '../../model/api-error.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';
import { isoTime } from '../../model/iso-time.ts';
import type { Catalog, Hold } from '../../store/catalog.ts';
import { requireInstallationAccount } from './access.ts';
import type { OpenTrailOperation } from './operation.ts';

/** Holds at once; each is looked at whenever retention runs. */
const holdsMax = 1000;

/** `PutHold`, `ListHolds`, `RemoveHold`: what keeps retention from dropping a time range. */
export function holdOperations(options: {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: Random;
  readonly installationAccountId: string;
}): OpenTrailOperation[] {
  return [putHold(options), listHolds(options), removeHold(options)];
}

interface HoldContext {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: Random;
  readonly installationAccountId: string;
}

function putHold({ catalog, clock, random, installationAccountId }: HoldContext): OpenTrailOperation {
  const action = 'opentrail:PutHold';
  return {
    name: 'PutHold',
    action,
    isReadOnly: false,
    takesBody: false,
    summary:
      'Keeps retention from dropping any event between two moments, both inclusive, until the hold is removed.',
    async run({ caller, input }) {
      requireInstallationAccount(caller, installationAccountId, action);
      const { Name, StartTime, EndTime, Reason } = input as {
        Name: string;
        StartTime: number;
        EndTime: number;
        Reason?: string;
      };
      if (StartTime > EndTime) {
        throw new ApiError(
          'InvalidTimeRangeException',
          `the start time ${isoTime(StartTime)} is after the end time ${isoTime(EndTime)}`,
        );
      }
      if ((await catalog.listHolds()).length >= holdsMax) {
        throw new ApiError(
          'HoldLimitExceededException',
          `there are ${holdsMax} holds already: remove one first`,
        );
      }
      const hold: Hold = {
        holdId: random.uuid(),
        name: Name,
        fromMs: Math.floor(StartTime * 1000),
        toMs: Math.ceil(EndTime * 1000),
        createdAtMs: clock.now(),
        createdBy: caller.userIdentity.arn ?? caller.accountId,
        reason: Reason ?? '',
      };
      await catalog.putHold(hold);
      return { kind: 'json', output: wireHold(hold) };
    },
  };
}

function listHolds({ catalog, installationAccountId }: HoldContext): OpenTrailOperation {
  const action = 'opentrail:ListHolds';
  return {
    name: 'ListHolds',
    action,
    isReadOnly: true,
    takesBody: false,
    summary: 'Lists all holds.',
    async run({ caller }) {
      requireInstallationAccount(caller, installationAccountId, action);
      return { kind: 'json', output: { Holds: (await catalog.listHolds()).map(wireHold) } };
    },
  };
}

function removeHold({ catalog, installationAccountId }: HoldContext): OpenTrailOperation {
  const action = 'opentrail:RemoveHold';
  return {
    name: 'RemoveHold',
    action,
    isReadOnly: false,
    takesBody: false,
    summary: 'Removes a hold; retention may then drop what only it kept.',
    async run({ caller, input }) {
      requireInstallationAccount(caller, installationAccountId, action);
      const holdId = (input as { HoldId: string }).HoldId;
      if (!(await catalog.deleteHold(holdId))) {
        throw new ApiError('HoldNotFoundException', `there is no hold ${holdId}`, { status: 404 });
      }
      return { kind: 'json', output: {} };
    },
  };
}

function wireHold(hold: Hold): JsonObject {
  return {
    HoldId: hold.holdId,
    Name: hold.name,
    StartTime: hold.fromMs / 1000,
    EndTime: hold.toMs / 1000,
    CreatedAt: hold.createdAtMs / 1000,
    CreatedBy: hold.createdBy,
    Reason: hold.reason,
  };
}
