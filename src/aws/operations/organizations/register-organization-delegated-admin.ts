import {
  type RegistrationFailure,
  registerDelegate,
  registrationFailure,
  cloudTrailServicePrincipal as servicePrincipal,
} from '../../../identity/organization/delegation.ts';
import { accountEntity } from '../../../identity/organization/join-organization.ts';
import {
  serviceLinkedRoleChanges,
  servicePrincipalOf,
} from '../../../identity/organization/service-linked-roles.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { IdentityChange } from '../../../store/identity-store.ts';
import type { ServiceAction } from '../../services/service-action.ts';
import type { Operation } from '../operation.ts';
import { changeDelegates } from './delegation-context.ts';

/** `RegisterOrganizationDelegatedAdmin`: a member may administer CloudTrail for the whole organization. */
export const registerOrganizationDelegatedAdmin: Operation = {
  isBuilt: true,
  isChange: true,
  ownExceptions: { MemberAccountId: 'InvalidParameterException' },
  notes: [
    'a broken constraint of `MemberAccountId` answers `InvalidParameterException` (unconfirmed)',
    'also needs `organizations:DescribeOrganization`, `ListAWSServiceAccessForOrganization`, `ListDelegatedAdministrators`, `RegisterDelegatedAdministrator`, `iam:CreateServiceLinkedRole` and `iam:GetRole`',
    'makes the service-linked roles of CloudTrail in the management account where they are missing',
    'a suspended member answers `OperationNotPermittedException` (unconfirmed); `UnsupportedOperationException` stands for an installation whose Organizations are elsewhere',
  ],
  async run({ caller, input }, { delegation }) {
    const { MemberAccountId: accountId } = input as { MemberAccountId: string };
    let made: readonly IdentityChange[] = [];
    await changeDelegates(delegation, caller, {
      organizationsActions: [
        'organizations:DescribeOrganization',
        'organizations:ListAWSServiceAccessForOrganization',
        'organizations:ListDelegatedAdministrators',
        'organizations:RegisterDelegatedAdministrator',
      ],
      iamActions: ['iam:CreateServiceLinkedRole', 'iam:GetRole'],
      async decide(state, { store, clock, random }) {
        const status = (await accountEntity(store, accountId))?.entity.status;
        const facts = { accountId, servicePrincipal };
        const failure = registrationFailure(state, { ...facts, status });
        if (failure !== undefined) throw registrationError(failure, accountId);
        const nowMs = clock.now();
        const { managementAccountId } = state.entity;
        const registered = registerDelegate(state, { ...facts, nowMs });
        const roles = await serviceLinkedRoleChanges(store, {
          accountId: managementAccountId,
          nowMs,
          random,
        });
        made = roles;
        return { ...registered, changes: [...registered.changes, ...roles] };
      },
    });
    for (const { name } of made) await delegation?.recordServiceAction?.(roleMade(caller.accountId, name));
    return {};
  },
};

function roleMade(accountId: string, roleName: string): ServiceAction {
  const service = servicePrincipalOf(roleName) ?? '';
  const path = `/aws-service-role/${service}/`;
  return {
    invokedBy: 'cloudtrail.amazonaws.com',
    eventSource: 'iam.amazonaws.com',
    eventName: 'CreateServiceLinkedRole',
    accountId,
    requestParameters: { aWSServiceName: service },
    responseElements: { role: { path, roleName, arn: `arn:aws:iam::${accountId}:role${path}${roleName}` } },
  };
}

function registrationError(failure: RegistrationFailure, accountId: string): ApiError {
  switch (failure) {
    case 'notMember':
      return new ApiError(
        'AccountNotFoundException',
        `The account ${accountId} was not found or is not part of your organization.`,
      );
    case 'managementAccount':
      return new ApiError(
        'CannotDelegateManagementAccountException',
        'The management account of an organization cannot be registered as the CloudTrail delegated administrator.',
      );
    case 'alreadyRegistered':
      return new ApiError(
        'AccountRegisteredException',
        `The account ${accountId} is already registered as the CloudTrail delegated administrator.`,
      );
    case 'tooMany':
      return new ApiError(
        'DelegatedAdminAccountLimitExceededException',
        'The maximum number of CloudTrail delegated administrators is reached.',
      );
    case 'suspended':
      return new ApiError('OperationNotPermittedException', `The account ${accountId} is not active.`);
    case 'notAllFeatures':
      return new ApiError(
        'OrganizationNotInAllFeaturesModeException',
        'Your organization is not configured to support all features.',
      );
    case 'noServiceAccess':
      return new ApiError(
        'CloudTrailAccessNotEnabledException',
        'Trusted access is not enabled between AWS CloudTrail and AWS Organizations.',
      );
  }
}
