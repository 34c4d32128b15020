import type { GroupEntity, RoleEntity, UserEntity } from '../../../identity/entities.ts';
import { listHolders, requirePolicy } from '../../../identity/iam/managed-policies.ts';
import { type HolderKind, holderName } from '../../../identity/iam/policy-holders.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { oneOf, required } from './iam-input.ts';
import { arn, paging, pathPrefix } from './iam-members.ts';
import { wireMembers } from './iam-wire.ts';
import { policyTarget } from './managed-policies.ts';
import { type PageInput, pageEntries } from './paging.ts';

interface Entry {
  readonly kind: HolderKind;
  readonly holder: UserEntity | GroupEntity | RoleEntity;
}

export function entitiesForPolicyOperations(context: IamContext): ServiceOperation[] {
  return [listEntitiesForPolicy(context)];
}

function listEntitiesForPolicy(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListEntitiesForPolicy',
    isReadOnly: true,
    input: {
      PolicyArn: required(arn),
      EntityFilter: oneOf(['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy']),
      PathPrefix: pathPrefix,
      PolicyUsageFilter: oneOf(['PermissionsPolicy', 'PermissionsBoundary']),
      ...paging,
    },
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn, EntityFilter, PathPrefix = '/', PolicyUsageFilter, ...page }, call) {
      const work = readWork(context);
      const { accountId } = call.principal;
      await requirePolicy(work, accountOf(call), PolicyArn);
      const { users, groups, roles } = await listHolders(work, accountId);
      const entries: Entry[] = [
        ...groups.map((holder) => ({ kind: 'group' as const, holder })),
        ...users.map((holder) => ({ kind: 'user' as const, holder })),
        ...roles.map((holder) => ({ kind: 'role' as const, holder })),
      ];
      const found = entries.filter(
        ({ kind, holder }) =>
          (EntityFilter === undefined || EntityFilter.toLowerCase() === kind) &&
          holder.path.startsWith(PathPrefix) &&
          isUsedBy(holder, PolicyArn, PolicyUsageFilter),
      );
      return answer(found, page);
    },
  });
}

function isUsedBy(
  holder: Entry['holder'],
  policyArn: string,
  usage: 'PermissionsPolicy' | 'PermissionsBoundary' | undefined,
): boolean {
  const isBoundary = 'permissionsBoundary' in holder && holder.permissionsBoundary === policyArn;
  if (usage === 'PermissionsBoundary') return isBoundary;
  const isAttached = holder.attachedPolicies.includes(policyArn);
  return usage === 'PermissionsPolicy' ? isAttached : isAttached || isBoundary;
}

function answer(found: readonly Entry[], input: PageInput): JsonObject {
  const { page, end } = pageEntries(
    found,
    input,
    ({ kind, holder }) => `${kind}/${holderName(holder).toLowerCase()}`,
  );
  const wire = (wanted: HolderKind) =>
    page.filter(({ kind }) => kind === wanted).map(({ holder }) => wireEntity(holder));
  return { PolicyGroups: wire('group'), PolicyUsers: wire('user'), PolicyRoles: wire('role'), ...end };
}

function wireEntity(holder: Entry['holder']): JsonObject {
  if ('userName' in holder) return wireMembers({ UserName: holder.userName, UserId: holder.userId });
  if ('groupName' in holder) return wireMembers({ GroupName: holder.groupName, GroupId: holder.groupId });
  return wireMembers({ RoleName: holder.roleName, RoleId: holder.roleId });
}
