import {
  deregisterDelegate,
  cloudTrailServicePrincipal as servicePrincipal,
} from '../../../identity/organization/delegation.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { Operation } from '../operation.ts';
import { changeDelegates } from './delegation-context.ts';

/** `DeregisterOrganizationDelegatedAdmin`: takes the administration of CloudTrail from a member; deletes nothing. */
export const deregisterOrganizationDelegatedAdmin: Operation = {
  isBuilt: true,
  isChange: true,
  ownExceptions: { DelegatedAdminAccountId: 'InvalidParameterException' },
  notes: [
    'a broken constraint of `DelegatedAdminAccountId` answers `InvalidParameterException` (unconfirmed)',
    'also needs `organizations:DescribeOrganization`, `ListAWSServiceAccessForOrganization` and `DeregisterDelegatedAdministrator`',
    '`OperationNotPermittedException` is never answered: also a suspended member can be deregistered',
  ],
  async run({ caller, input }, { delegation }) {
    const { DelegatedAdminAccountId: accountId } = input as { DelegatedAdminAccountId: string };
    await changeDelegates(delegation, caller, {
      organizationsActions: [
        'organizations:DescribeOrganization',
        'organizations:ListAWSServiceAccessForOrganization',
        'organizations:DeregisterDelegatedAdministrator',
      ],
      iamActions: [],
      async decide(state) {
        if (!state.members.has(accountId)) {
          const message = `The account ${accountId} was not found or is not part of your organization.`;
          throw new ApiError('AccountNotFoundException', message);
        }
        const change = deregisterDelegate(state, { accountId, servicePrincipal });
        if (change !== undefined) return change;
        const message = `The account ${accountId} is not registered as the CloudTrail delegated administrator.`;
        throw new ApiError('AccountNotRegisteredException', message);
      },
    });
    return {};
  },
};
