import { DependencyError } from '../../base/dependency-error.ts';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { CommitFeed } from '../../store/commit-feed.ts';
import type { EventStore } from '../../store/event-store.ts';
import { requireInstallationAccount } from './access.ts';
import type { OpenTrailOperation } from './operation.ts';

/** A status that takes longer is worth less than one that says so. */
const pingTimeoutMs = 1000;

/** What the journal tells of itself. */
export interface JournalStatus {
  readonly journalId: string;
  /** The newest sequence that is durable. */
  readonly acceptedSequence: number;
  readonly sizeBytes: number;
  readonly sizeBytesMax: number;
  readonly reservedBytes: number;
  /** Why nothing can be appended at present, or undefined. */
  readonly refusal: string | undefined;
}

export function getStatusOperation(options: {
  readonly store: EventStore;
  readonly feed: CommitFeed;
  readonly journalStatus: () => JournalStatus;
  readonly version: string;
  readonly installationAccountId: string;
  /** True where every key is taken for the root's. */
  readonly isAuthOff?: boolean;
}): OpenTrailOperation {
  const action = 'opentrail:GetStatus';
  const { store, feed } = options;
  return {
    name: 'GetStatus',
    action,
    isReadOnly: true,
    takesBody: false,
    summary: 'Tells how recording and the event store are: journal, lag between the two, partitions.',
    async run({ caller }) {
      requireInstallationAccount(caller, options.installationAccountId, action);
      const journal = options.journalStatus();
      const storedSequence = feed.committed().sequence;
      const output = {
        Version: options.version,
        AccountId: options.installationAccountId,
        Authentication: options.isAuthOff === true ? 'off' : 'on',
        Journal: {
          JournalId: journal.journalId,
          AcceptedSequence: journal.acceptedSequence,
          StoredSequence: storedSequence,
          LagEvents: Math.max(0, journal.acceptedSequence - storedSequence),
          SizeBytes: journal.sizeBytes,
          SizeBytesMax: journal.sizeBytesMax,
          ReservedBytes: journal.reservedBytes,
          ...(journal.refusal === undefined ? {} : { Refusal: journal.refusal }),
        },
        ...(await engineStatus(store)),
      };
      return { kind: 'json', output };
    },
  };
}

async function engineStatus(store: EventStore): Promise<JsonObject> {
  try {
    await store.ping(pingTimeoutMs);
    const partitions = (await store.partitions()).map(
      (partition): JsonObject => ({
        Name: partition.name,
        Origin: partition.origin,
        StartTime: partition.fromMs / 1000,
        EndTime: partition.toMs / 1000,
        EventsCount: partition.eventsCount,
        SizeBytes: partition.sizeBytes,
      }),
    );
    const totals = (await store.totals()).map(
      (total): Json => ({
        JournalId: total.journalId,
        HighestSequence: total.highestSequence,
        EventsCount: total.eventsCount,
      }),
    );
    return { Engine: { IsUp: true }, Partitions: partitions, Totals: totals };
  } catch (cause) {
    if (!(cause instanceof DependencyError)) throw cause;
    return { Engine: { IsUp: false, Reason: cause.message } };
  }
}
