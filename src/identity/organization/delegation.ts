import type { AccountEntity } from '../entities.ts';
import type { OrganizationChange } from './change-organization.ts';
import type { OrganizationState } from './organization-state.ts';

/** The service principal of CloudTrail, whose trusted access and delegates OpenTrail acts on. */
export const cloudTrailServicePrincipal = 'cloudtrail.amazonaws.com';

/**
 * Delegated administrators of one service; the quota of CloudTrail. Of services that OpenTrail does not have, AWS has
 * quotas of their own.
 */
const delegatesMax: Readonly<Record<string, number>> = { [cloudTrailServicePrincipal]: 3 };

export type RegistrationFailure =
  | 'notAllFeatures'
  | 'noServiceAccess'
  | 'notMember'
  | 'managementAccount'
  | 'suspended'
  | 'alreadyRegistered'
  | 'tooMany';

/** What stands against making a member the delegated administrator of a service, in the order of the checks. */
export function registrationFailure(
  state: OrganizationState,
  facts: {
    readonly accountId: string;
    readonly servicePrincipal: string;
    /** Of the member's account. */
    readonly status: AccountEntity['status'] | undefined;
  },
): RegistrationFailure | undefined {
  const { accountId, servicePrincipal, status } = facts;
  if (state.entity.featureSet !== 'ALL') return 'notAllFeatures';
  if (!Object.hasOwn(state.entity.serviceAccess, servicePrincipal)) return 'noServiceAccess';
  if (!state.members.has(accountId)) return 'notMember';
  if (state.isManagementAccount(accountId)) return 'managementAccount';
  if (status !== undefined && status !== 'ACTIVE') return 'suspended';
  const delegates = delegatesOf(state, servicePrincipal);
  if (delegates.includes(accountId)) return 'alreadyRegistered';
  return delegates.length >= (delegatesMax[servicePrincipal] ?? state.members.size) ? 'tooMany' : undefined;
}

/** The accounts that are registered for a service. */
export function delegatesOf(state: OrganizationState, servicePrincipal: string): string[] {
  return [...state.delegates.values()]
    .filter(({ services }) => Object.hasOwn(services, servicePrincipal))
    .map(({ accountId }) => accountId);
}

/** Makes a member, of which `registrationFailure` says nothing, the delegated administrator of a service. */
export function registerDelegate(
  state: OrganizationState,
  facts: { readonly accountId: string; readonly servicePrincipal: string; readonly nowMs: number },
): OrganizationChange<void> {
  const { accountId, servicePrincipal, nowMs } = facts;
  const services = { ...state.delegates.get(accountId)?.services, [servicePrincipal]: nowMs };
  const change = state.put('delegatedAdministrator', accountId, { accountId, services });
  return { result: undefined, changes: [change] };
}

/** Undefined where the account is not registered for the service. */
export function deregisterDelegate(
  state: OrganizationState,
  facts: { readonly accountId: string; readonly servicePrincipal: string },
): OrganizationChange<void> | undefined {
  const { accountId, servicePrincipal } = facts;
  const before = state.delegates.get(accountId)?.services;
  if (before === undefined || !Object.hasOwn(before, servicePrincipal)) return undefined;
  const services = Object.fromEntries(Object.entries(before).filter(([name]) => name !== servicePrincipal));
  const change =
    Object.keys(services).length === 0
      ? state.remove('delegatedAdministrator', accountId)
      : state.put('delegatedAdministrator', accountId, { accountId, services });
  return { result: undefined, changes: [change] };
}
