import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import {
  changeOrganization,
  type OrganizationChange,
} from '../../../identity/organization/change-organization.ts';
import { cloudTrailServicePrincipal } from '../../../identity/organization/delegation.ts';
import type { OrganizationDirectory } from '../../../identity/organization/organization-directory.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { IdentityStore } from '../../../store/identity-store.ts';
import type { Authorize } from '../../opentrail/access.ts';
import type { Caller } from '../../opentrail/operation.ts';
import type { RecordServiceAction } from '../../services/service-action.ts';

/** What CloudTrail's operations about organizations run on. */
export interface DelegationContext {
  readonly store: IdentityStore;
  readonly directory: OrganizationDirectory;
  /** Asked for what CloudTrail does for the caller in other services. */
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of the service-linked roles that are made; default: nobody. */
  readonly recordServiceAction?: RecordServiceAction;
}

/**
 * Changes who may administer CloudTrail for the caller's organization, after what holds for both of the operations:
 * that the caller's account manages an organization in which CloudTrail is trusted, and that the caller may do in
 * Organizations and IAM what CloudTrail does for it there.
 */
export async function changeDelegates(
  context: DelegationContext | undefined,
  caller: Caller,
  change: {
    readonly organizationsActions: readonly string[];
    readonly iamActions: readonly string[];
    readonly decide: (
      state: OrganizationState,
      context: DelegationContext,
    ) => Promise<OrganizationChange<void>>;
  },
): Promise<void> {
  if (context === undefined) {
    const message =
      'OpenTrail does not answer for AWS Organizations here, so it has no organization to administer: see --upstream organizations';
    throw new ApiError('UnsupportedOperationException', message);
  }
  await admit(context, caller);
  await requireActions(context, caller, {
    actions: change.organizationsActions,
    code: 'InsufficientDependencyServiceAccessPermissionException',
  });
  await requireActions(context, caller, {
    actions: change.iamActions,
    code: 'InsufficientIAMAccessPermissionException',
  });
  await changeOrganization({
    store: context.store,
    managementAccountId: caller.accountId,
    decide: (state) => {
      requireTrust(state);
      return change.decide(state, context);
    },
    gone: notInUse,
    conflict: () =>
      new ApiError(
        'ConflictException',
        'The organization is being changed by another request at this time: try again.',
      ),
  });
}

async function admit({ directory }: DelegationContext, { accountId }: Caller): Promise<void> {
  const state = await directory.organizationOf(accountId);
  if (state === undefined) throw notInUse();
  if (!state.isManagementAccount(accountId)) {
    const message = 'The account that made the request is not the management account of its organization.';
    throw new ApiError('NotOrganizationManagementAccountException', message);
  }
  requireTrust(state);
}

function requireTrust({ entity }: OrganizationState): void {
  if (entity.featureSet !== 'ALL') {
    const message = 'Your organization is not configured to support all features.';
    throw new ApiError('OrganizationNotInAllFeaturesModeException', message);
  }
  if (!Object.hasOwn(entity.serviceAccess, cloudTrailServicePrincipal)) {
    const message = `Trusted access is not enabled between AWS CloudTrail (${cloudTrailServicePrincipal}) and AWS Organizations.`;
    throw new ApiError('CloudTrailAccessNotEnabledException', message);
  }
}

/** A denial is answered as that of CloudTrail's dependency, with the sentence that says what is missing. */
async function requireActions(
  { authorize }: DelegationContext,
  caller: Caller,
  { actions, code }: { readonly actions: readonly string[]; readonly code: string },
): Promise<void> {
  for (const action of actions) {
    try {
      await authorize(caller, action);
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.code !== 'AccessDeniedException') throw cause;
      throw new ApiError(code, cause.message, { cause });
    }
  }
}

function notInUse(): ApiError {
  return new ApiError('OrganizationsNotInUseException', 'The account is not a member of an organization.');
}
