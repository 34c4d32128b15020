import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { EventSearch } from '../../history/search-events.ts';
import type { TailEvents } from '../../history/tail-events.ts';
import type { OrganizationDirectory } from '../../identity/organization/organization-directory.ts';
import type { Catalog } from '../../store/catalog.ts';
import type { CommitFeed } from '../../store/commit-feed.ts';
import type { EventStore } from '../../store/event-store.ts';
import type { Authorize } from './access.ts';
import { countEventsOperation } from './count-events.ts';
import { getStatusOperation, type JournalStatus } from './get-status.ts';
import { holdOperations } from './hold-operations.ts';
import type { OpenTrailOperation } from './operation.ts';
import { principalOperations } from './principal-operations.ts';
import { type ChainSource, readChainOperation } from './read-chain.ts';
import { readHistoryOperation } from './read-history.ts';
import { searchEventsOperation } from './search-events.ts';
import { tailEventsOperation } from './tail-events.ts';

export interface OpenTrailContext {
  readonly installationAccountId: string;
  readonly authorize: Authorize;
  /** Absent where OpenTrail does not answer for Organizations itself. */
  readonly organizations?: Pick<OrganizationDirectory, 'accountsVisibleTo'>;
  readonly search: EventSearch;
  readonly tail: TailEvents;
  readonly store: EventStore;
  readonly feed: CommitFeed;
  readonly catalog: Catalog;
  readonly forgetPrincipal: (accessKeyId: string) => void;
  readonly chain: ChainSource;
  readonly journalStatus: () => JournalStatus;
  readonly version: string;
  /** True where every key is taken for the root's. */
  readonly isAuthOff?: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * All operations of ours by name: those of this folder, then those that other parts add. Refuses a name that
 * comes twice.
 */
export function createOpenTrailOperations(
  context: OpenTrailContext,
  added: readonly OpenTrailOperation[] = [],
): ReadonlyMap<string, OpenTrailOperation> {
  const { search, tail, authorize, installationAccountId, organizations } = context;
  const access = {
    installationAccountId,
    authorize,
    ...(organizations === undefined ? {} : { organizations }),
  };
  const operations = new Map<string, OpenTrailOperation>();
  for (const operation of [
    searchEventsOperation({ search, access }),
    countEventsOperation({ search, access }),
    tailEventsOperation({ tail, access }),
    ...holdOperations(context),
    ...principalOperations(context),
    getStatusOperation(context),
    readChainOperation(context),
    readHistoryOperation(context),
    ...added,
  ]) {
    assert(!operations.has(operation.name), `the operation ${operation.name} is registered twice`);
    operations.set(operation.name, operation);
  }
  return operations;
}
