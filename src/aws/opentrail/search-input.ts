import type { SearchQuery } from '../../history/search-filter.ts';
import { cloudTrailServicePrincipal } from '../../identity/organization/delegation.ts';
import type { OrganizationDirectory } from '../../identity/organization/organization-directory.ts';
import { ApiError } from '../../model/api-error.ts';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { StoredEvent } from '../../model/recorded-event.ts';
import { toWireEvent } from '../operations/history/lookup-events.ts';
import { type Authorize, accessDenied, requireInstallationAccount } from './access.ts';
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
  readonly Accounts?: readonly string[];
  readonly Text?: string;
  readonly IsError?: boolean;
  readonly IsReadOnly?: boolean;
  readonly Origin?: 'live' | 'import';
}

const allAccountsAction = 'opentrail:LookupAllAccounts';
const memberAccountsAction = 'opentrail:LookupMemberAccounts';

/**
 * Who may see other accounts than its own. All accounts: callers of the installation's account that are allowed
 * `opentrail:LookupAllAccounts`. Those of an organization: callers of its management account, or of a delegated
 * administrator of CloudTrail, that are allowed `opentrail:LookupMemberAccounts`.
 */
export interface OtherAccountsAccess {
  readonly installationAccountId: string;
  readonly authorize: Authorize;
  /** Absent where OpenTrail does not answer for Organizations itself: then each account sees itself only. */
  readonly organizations?: Pick<OrganizationDirectory, 'accountsVisibleTo'>;
}

export async function searchQueryOf(
  caller: Caller,
  input: JsonObject,
  access: OtherAccountsAccess,
): Promise<SearchQuery> {
  const filter = input as FilterInput;
  const accountIds = await accountIdsNow(caller, input, access);
  if (filter.AllAccounts === true) {
    requireInstallationAccount(caller, access.installationAccountId, allAccountsAction);
    await access.authorize(caller, allAccountsAction);
  }
  const regions = filter.AllRegions === true ? [] : filter.Regions;
  return {
    accountId: caller.accountId,
    region: caller.region,
    isAllAccounts: filter.AllAccounts === true,
    ...(filter.Accounts === undefined ? {} : { accounts: filter.Accounts }),
    ...(accountIds === undefined ? {} : { accountIds }),
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

/**
 * The accounts that `Accounts` names, as far as the caller may see them at this moment; undefined where it is not given.
 * One that left the organization is its own again, with all that it recorded.
 */
export async function accountIdsNow(
  caller: Caller,
  input: JsonObject,
  access: OtherAccountsAccess,
): Promise<readonly string[] | undefined> {
  const { Accounts: asked, AllAccounts: isAll } = input as FilterInput;
  if (asked === undefined) return undefined;
  if (isAll === true) {
    const message = 'AllAccounts and Accounts cannot be given together';
    throw new ApiError('InvalidParameterCombinationException', message);
  }
  const own = caller.accountId;
  if (asked.every((accountId) => accountId === own)) return [own];
  await access.authorize(caller, memberAccountsAction);
  const visible = new Set(
    await (access.organizations?.accountsVisibleTo(own, cloudTrailServicePrincipal) ?? [own]),
  );
  if (asked.includes('*')) return [...visible];
  const hidden = asked.find((accountId) => !visible.has(accountId));
  if (hidden === undefined) return asked;
  throw accessDenied(caller, memberAccountsAction, `because ${hidden} is not an account that ${own} may see`);
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
