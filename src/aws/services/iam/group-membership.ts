import { iamError } from '../../../identity/iam/iam-error.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities } from '../../../identity/iam/identity-work.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { isMember } from './groups.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { existingUserName, groupName, paging } from './iam-members.ts';
import { holderTarget } from './iam-targets.ts';
import { wireGroup } from './iam-wire.ts';
import { pageOf } from './paging.ts';

const input = { GroupName: required(groupName), UserName: required(existingUserName) };

export function groupMembershipOperations(context: IamContext): ServiceOperation[] {
  return [addUserToGroup(context), removeUserFromGroup(context), listGroupsForUser(context)];
}

function addUserToGroup(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'AddUserToGroup',
    isReadOnly: false,
    input,
    targets: ({ GroupName }, call) => holderTarget(context, call, { kind: 'group', name: GroupName }),
    async run({ GroupName, UserName }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const group = await requireHolder(work, 'group', { accountId, name: GroupName });
        const user = await requireHolder(work, 'user', { accountId, name: UserName });
        if (isMember(user, group.groupName)) return;
        if (user.groups.length >= iamQuotas.groupsPerUser) {
          throw iamError(
            'LimitExceeded',
            `Cannot exceed quota for GroupsPerUser: ${iamQuotas.groupsPerUser}`,
          );
        }
        const holder = { ...user, groups: [...user.groups, group.groupName] };
        await putHolder(work, 'user', { accountId, holder });
        // A group that is deleted or renamed meanwhile makes this change begin anew.
        await work.touch('group', accountId, group.groupName);
      });
      return {};
    },
  });
}

function removeUserFromGroup(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'RemoveUserFromGroup',
    isReadOnly: false,
    input,
    targets: ({ GroupName }, call) => holderTarget(context, call, { kind: 'group', name: GroupName }),
    async run({ GroupName, UserName }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const group = await requireHolder(work, 'group', { accountId, name: GroupName });
        const user = await requireHolder(work, 'user', { accountId, name: UserName });
        if (!isMember(user, group.groupName)) {
          throw iamError('NoSuchEntity', `User ${user.userName} is not in group ${group.groupName}.`);
        }
        const folded = group.groupName.toLowerCase();
        const groups = user.groups.filter((name) => name.toLowerCase() !== folded);
        await putHolder(work, 'user', { accountId, holder: { ...user, groups } });
      });
      return {};
    },
  });
}

function listGroupsForUser(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListGroupsForUser',
    isReadOnly: true,
    input: { UserName: required(existingUserName), ...paging },
    targets: ({ UserName }, call) => holderTarget(context, call, { kind: 'user', name: UserName }),
    async run({ UserName, ...page }, call) {
      const { accountId } = call.principal;
      const work = readWork(context);
      const user = await requireHolder(work, 'user', { accountId, name: UserName });
      const groups = await Promise.all(user.groups.map((name) => work.get('group', accountId, name)));
      return pageOf(
        groups.filter((group) => group !== undefined),
        page,
        {
          member: 'Groups',
          keyOf: (group) => group.groupName.toLowerCase(),
          toWire: (group) => wireGroup(accountOf(call), group),
        },
      );
    },
  });
}
