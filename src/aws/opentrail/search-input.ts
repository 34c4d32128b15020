import type { SearchQuery } from '../../history/search-filter.ts';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { StoredEvent } from '../../model/recorded-event.ts';
import { toWireEvent } from '../operations/history/lookup-events.ts';
import { type Authorize, requireInstallationAccount } from './access.ts';
import type { Caller } from './operation.ts';

/** The filter members of `SearchEvents`, `CountEvents` and `TailEvents`, as valid by `open-trail-api.ts`. */
interface FilterInput {
  readonly LookupAttributes?: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[];
  readonly StartTime?: number;
  readonly EndTime?: number;
  readonly EventCategories?: readonly string[];
  readonly Regions?: readonly string[];
  readonly AllRegions?: boolean;
  readonly AllAccounts?: boolean;
  readonly Text?: string;
  readonly IsError?: boolean;
  readonly IsReadOnly?: boolean;
  readonly Origin?: 'live' | 'import';
}

const allAccountsAction = 'opentrail:LookupAllAccounts';

/**
 * Who may see all accounts: callers of the installation's account that are allowed
 * `opentrail:LookupAllAccounts`.
 */
export interface AllAccountsAccess {
  readonly installationAccountId: string;
  readonly authorize: Authorize;
}

export async function searchQueryOf(
  caller: Caller,
  input: JsonObject,
  access: AllAccountsAccess,
): Promise<SearchQuery> {
  const filter = input as FilterInput;
  if (filter.AllAccounts === true) {
    requireInstallationAccount(caller, access.installationAccountId, allAccountsAction);
    await access.authorize(caller, allAccountsAction);
  }
  const regions = filter.AllRegions === true ? [] : filter.Regions;
  return {
    accountId: caller.accountId,
    region: caller.region,
    isAllAccounts: filter.AllAccounts === true,
    ...(regions === undefined ? {} : { regions }),
    ...(filter.EventCategories === undefined ? {} : { categories: filter.EventCategories }),
    attributes: (filter.LookupAttributes ?? []).map((attribute) => ({
      key: attribute.AttributeKey,
      value: attribute.AttributeValue,
    })),
    ...(filter.StartTime === undefined ? {} : { startTime: filter.StartTime }),
    ...(filter.EndTime === undefined ? {} : { endTime: filter.EndTime }),
    ...(filter.Text === undefined ? {} : { text: filter.Text }),
    ...(filter.IsError === undefined ? {} : { isError: filter.IsError }),
    ...(filter.IsReadOnly === undefined ? {} : { isReadOnly: filter.IsReadOnly }),
    ...(filter.Origin === undefined ? {} : { origin: filter.Origin }),
  };
}

/** An event of `LookupEvents` with what OpenTrail keeps beside it. */
export function toSearchEvent(stored: StoredEvent): JsonObject {
  const { meta } = stored;
  const beside: Record<string, Json> = {
    RecordedAt: meta.recordedAt / 1000,
    Origin: meta.origin,
    Verification: meta.verification,
    JournalId: stored.journalId,
    Sequence: stored.sequence,
  };
  if (meta.sourceObjectId !== undefined) beside.SourceObjectId = meta.sourceObjectId;
  return { ...toWireEvent(stored), ...beside };
}
