import type { GroupEntity, UserEntity } from '../../../identity/entities.ts';
import { entityArn } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { newUniqueId } from '../../../identity/iam/iam-ids.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { groupName, paging, path, pathPrefix } from './iam-members.ts';
import { holderTarget, listTarget, newTarget } from './iam-targets.ts';
import { wireGroup, wireListedUser } from './iam-wire.ts';
import { pageOf, pageOfStore } from './paging.ts';

export function groupOperations(context: IamContext): ServiceOperation[] {
  return [
    createGroup(context),
    getGroup(context),
    updateGroup(context),
    deleteGroup(context),
    listGroups(context),
  ];
}

function createGroup(context: IamContext): ServiceOperation {
  const { identities, clock, random } = context;
  return defineOperation({
    name: 'CreateGroup',
    isReadOnly: false,
    input: { GroupName: required(groupName), Path: path },
    targets: ({ GroupName, Path = '/' }, call) =>
      newTarget(entityArn(accountOf(call), 'group', { path: Path, name: GroupName })),
    async run({ GroupName, Path = '/' }, call) {
      const { accountId } = call.principal;
      const group = await changeIdentities(identities, async (work) => {
        await refuseKnownGroup(work, accountId, GroupName);
        if ((await work.count('group', accountId)) >= iamQuotas.groupsPerAccount) {
          throw iamError(
            'LimitExceeded',
            `Cannot exceed quota for GroupsPerAccount: ${iamQuotas.groupsPerAccount}`,
          );
        }
        const created: GroupEntity = {
          groupName: GroupName,
          groupId: newUniqueId(random, 'AGPA'),
          path: Path,
          createdAtMs: clock.now(),
          inlinePolicies: {},
          attachedPolicies: [],
        };
        await putHolder(work, 'group', { accountId, holder: created });
        return created;
      });
      return { Group: wireGroup(accountOf(call), group) };
    },
  });
}

async function refuseKnownGroup(work: IdentityWork, accountId: string, name: string): Promise<void> {
  if ((await work.get('group', accountId, name)) !== undefined) {
    throw iamError('EntityAlreadyExists', `Group with name ${name} already exists.`);
  }
}

export function isMember({ groups }: UserEntity, name: string): boolean {
  return groups.some((group) => group.toLowerCase() === name.toLowerCase());
}

async function membersOf(work: IdentityWork, accountId: string, name: string): Promise<UserEntity[]> {
  return (await work.list('user', accountId)).filter((user) => isMember(user, name));
}

function getGroup(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetGroup',
    isReadOnly: true,
    input: { GroupName: required(groupName), ...paging },
    targets: ({ GroupName }, call) => holderTarget(context, call, { kind: 'group', name: GroupName }),
    async run({ GroupName, ...page }, call) {
      const account = accountOf(call);
      const { accountId } = account;
      const work = readWork(context);
      const group = await requireHolder(work, 'group', { accountId, name: GroupName });
      const users = pageOf(await membersOf(work, accountId, GroupName), page, {
        member: 'Users',
        keyOf: ({ userName }) => userName.toLowerCase(),
        toWire: (user) => wireListedUser(account, user),
      });
      return { Group: wireGroup(account, group), ...users };
    },
  });
}

function updateGroup(context: IamContext): ServiceOperation {
  const { identities } = context;
  return defineOperation({
    name: 'UpdateGroup',
    isReadOnly: false,
    input: { GroupName: required(groupName), NewPath: path, NewGroupName: groupName },
    targets: async ({ GroupName, NewPath, NewGroupName }, call) => {
      const target = await holderTarget(context, call, { kind: 'group', name: GroupName });
      if (NewPath === undefined && NewGroupName === undefined) return target;
      const group = await readWork(context).get('group', call.principal.accountId, GroupName);
      const renamed = { path: NewPath ?? group?.path ?? '/', name: NewGroupName ?? GroupName };
      return [target, newTarget(entityArn(accountOf(call), 'group', renamed))];
    },
    async run({ GroupName, NewPath, NewGroupName }, call) {
      const { accountId } = call.principal;
      await changeIdentities(identities, async (work) => {
        const group = await requireHolder(work, 'group', { accountId, name: GroupName });
        const renamed = { ...group, path: NewPath ?? group.path, groupName: NewGroupName ?? group.groupName };
        if (renamed.groupName.toLowerCase() !== group.groupName.toLowerCase()) {
          await refuseKnownGroup(work, accountId, renamed.groupName);
          await work.delete('group', accountId, group.groupName);
        }
        await putHolder(work, 'group', { accountId, holder: renamed });
        if (renamed.groupName !== group.groupName) {
          await renameInMembers(work, accountId, { from: group.groupName, to: renamed.groupName });
        }
      });
      return {};
    },
  });
}

async function renameInMembers(
  work: IdentityWork,
  accountId: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  for (const { userName } of await membersOf(work, accountId, from)) {
    const user = await work.get('user', accountId, userName);
    if (user === undefined) continue;
    const groups = user.groups.map((group) => (group.toLowerCase() === from.toLowerCase() ? to : group));
    await putHolder(work, 'user', { accountId, holder: { ...user, groups } });
  }
}

function deleteGroup(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeleteGroup',
    isReadOnly: false,
    input: { GroupName: required(groupName) },
    targets: ({ GroupName }, call) => holderTarget(context, call, { kind: 'group', name: GroupName }),
    async run({ GroupName }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const group = await requireHolder(work, 'group', { accountId, name: GroupName });
        const must = await whatHoldsGroup(work, accountId, group);
        if (must !== undefined) throw iamError('DeleteConflict', `Cannot delete entity, must ${must} first.`);
        await work.delete('group', accountId, GroupName);
      });
      return {};
    },
  });
}

async function whatHoldsGroup(
  work: IdentityWork,
  accountId: string,
  group: GroupEntity,
): Promise<string | undefined> {
  if ((await membersOf(work, accountId, group.groupName)).length > 0) return 'remove users from group';
  if (group.attachedPolicies.length > 0) return 'detach all policies';
  if (Object.keys(group.inlinePolicies).length > 0) return 'delete policies';
  return undefined;
}

function listGroups(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListGroups',
    isReadOnly: true,
    input: { PathPrefix: pathPrefix, ...paging },
    targets: ({ PathPrefix }, call) => listTarget(accountOf(call), 'group', PathPrefix),
    run: ({ PathPrefix = '/', ...page }, call) =>
      pageOfStore<GroupEntity>(context.identities, page, {
        kind: 'group',
        accountId: call.principal.accountId,
        member: 'Groups',
        accepts: (group) => group.path.startsWith(PathPrefix),
        toWire: (group) => wireGroup(accountOf(call), group),
      }),
  });
}
