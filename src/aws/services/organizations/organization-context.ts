import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import {
  changeOrganization,
  type OrganizationChange,
} from '../../../identity/organization/change-organization.ts';
import type { OrganizationDirectory } from '../../../identity/organization/organization-directory.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import type { IdentityStore } from '../../../store/identity-store.ts';
import type { RecordServiceAction } from '../service-action.ts';
import type { ServiceCall } from '../service-operation.ts';
import { accessDenied, concurrentModification, notInUse } from './organization-errors.ts';

/** What the operations of Organizations run on. */
export interface OrganizationContext {
  readonly store: IdentityStore;
  readonly directory: OrganizationDirectory;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of what is done in an account because of a call in another; default: nobody. */
  readonly recordServiceAction?: RecordServiceAction;
}

/** The organization of the caller's account. */
export async function ownOrganization(
  { directory }: OrganizationContext,
  { principal }: ServiceCall,
): Promise<OrganizationState> {
  const state = await directory.organizationOf(principal.accountId);
  if (state === undefined) throw notInUse();
  return state;
}

/** The caller's organization, for callers of the management account and of delegated administrators of any service. */
export async function readableOrganization(
  context: OrganizationContext,
  call: ServiceCall,
): Promise<OrganizationState> {
  const state = await ownOrganization(context, call);
  const { accountId } = call.principal;
  if (state.isManagementAccount(accountId) || state.delegates.has(accountId)) return state;
  throw accessDenied();
}

/** Makes a change that only the management account may make. */
export async function changeAsManagement<Result>(
  context: OrganizationContext,
  call: ServiceCall,
  decide: (state: OrganizationState) => Promise<OrganizationChange<Result>> | OrganizationChange<Result>,
): Promise<Result> {
  const state = await ownOrganization(context, call);
  if (!state.isManagementAccount(call.principal.accountId)) throw accessDenied();
  return changeAt(context, state.entity.managementAccountId, decide);
}

export function changeAt<Result>(
  { store }: OrganizationContext,
  managementAccountId: string,
  decide: (state: OrganizationState) => Promise<OrganizationChange<Result>> | OrganizationChange<Result>,
): Promise<Result> {
  return changeOrganization({
    store,
    managementAccountId,
    decide,
    gone: notInUse,
    conflict: concurrentModification,
  });
}
