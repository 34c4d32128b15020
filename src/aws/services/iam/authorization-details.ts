import type { GroupEntity, ManagedPolicyEntity, RoleEntity, UserEntity } from '../../../identity/entities.ts';
import type { IamAccount } from '../../../identity/iam/iam-arns.ts';
import {
  countPolicyUses,
  listHolders,
  managedEntity,
  policyArn,
} from '../../../identity/iam/managed-policies.ts';
import { listManagedPolicies } from '../../../identity/policy/managed/managed-policies.ts';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { list, oneOf } from './iam-input.ts';
import { paging } from './iam-members.ts';
import {
  type PolicyUses,
  wireAttachedPolicy,
  wireDocument,
  wireGroup,
  wireListedPolicy,
  wireMembers,
  wirePolicyVersion,
  wireRole,
  wireUser,
} from './iam-wire.ts';
import { pageEntries } from './paging.ts';

const FILTERS = ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] as const;
type Filter = (typeof FILTERS)[number];

type ListName = 'UserDetailList' | 'GroupDetailList' | 'RoleDetailList' | 'Policies';

interface Detail {
  readonly filter: Filter;
  readonly member: ListName;
  /** Unique, and the order of the pages. */
  readonly key: string;
  toWire(): Json;
}

export function authorizationDetailsOperations(context: IamContext): ServiceOperation[] {
  return [getAccountAuthorizationDetails(context)];
}

function getAccountAuthorizationDetails(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetAccountAuthorizationDetails',
    isReadOnly: true,
    input: { Filter: list(oneOf(FILTERS), { max: FILTERS.length }), ...paging },
    targets: () => ({ resourceArn: '*' }),
    async run({ Filter, ...input }, call) {
      const details = await allDetails(context, accountOf(call));
      const wanted = details.filter(({ filter }) => Filter === undefined || Filter.includes(filter));
      const { page, end } = pageEntries(wanted, input, ({ key }) => key);
      const wire = (member: ListName) =>
        page.filter((detail) => detail.member === member).map((detail) => detail.toWire());
      return {
        UserDetailList: wire('UserDetailList'),
        GroupDetailList: wire('GroupDetailList'),
        RoleDetailList: wire('RoleDetailList'),
        Policies: wire('Policies'),
        ...end,
      };
    },
  });
}

async function allDetails(context: IamContext, account: IamAccount): Promise<Detail[]> {
  const work = readWork(context);
  const holders = await listHolders(work, account.accountId);
  const uses = countPolicyUses(holders);
  const own = await work.list('policy', account.accountId);
  const isUsed = (arn: string) => uses.attachments.has(arn) || uses.boundaries.has(arn);
  // As with IAM, of AWS's own only those that are in use.
  const managed = listManagedPolicies().filter(({ arn }) => isUsed(arn));
  return [
    ...holders.users.map((user) => userDetail(account, user)),
    ...holders.groups.map((group) => groupDetail(account, group)),
    ...holders.roles.map((role) => roleDetail(account, role)),
    ...own.map((policy) =>
      policyDetail('LocalManagedPolicy', policy, { arn: policyArn(account, policy), uses }),
    ),
    ...managed.map((known) =>
      policyDetail('AWSManagedPolicy', managedEntity(known), { arn: known.arn, uses }),
    ),
  ];
}

function wireInlinePolicies(policies: Readonly<Record<string, string>>): JsonObject[] {
  return Object.entries(policies).map(([name, document]) => ({
    PolicyName: name,
    PolicyDocument: wireDocument(document),
  }));
}

function userDetail(account: IamAccount, user: UserEntity): Detail {
  return {
    filter: 'User',
    member: 'UserDetailList',
    key: `user/${user.userName.toLowerCase()}`,
    toWire() {
      const { PasswordLastUsed, ...members } = wireUser(account, user);
      return wireMembers({
        ...members,
        UserPolicyList: someOf(wireInlinePolicies(user.inlinePolicies)),
        GroupList: user.groups,
        AttachedManagedPolicies: user.attachedPolicies.map(wireAttachedPolicy),
      });
    },
  };
}

function groupDetail(account: IamAccount, group: GroupEntity): Detail {
  return {
    filter: 'Group',
    member: 'GroupDetailList',
    key: `group/${group.groupName.toLowerCase()}`,
    toWire: () => ({
      ...wireGroup(account, group),
      GroupPolicyList: wireInlinePolicies(group.inlinePolicies),
      AttachedManagedPolicies: group.attachedPolicies.map(wireAttachedPolicy),
    }),
  };
}

function roleDetail(account: IamAccount, role: RoleEntity): Detail {
  return {
    filter: 'Role',
    member: 'RoleDetailList',
    key: `role/${role.roleName.toLowerCase()}`,
    toWire() {
      const { Description, MaxSessionDuration, ...members } = wireRole(account, role);
      return {
        ...members,
        InstanceProfileList: [],
        RolePolicyList: wireInlinePolicies(role.inlinePolicies),
        AttachedManagedPolicies: role.attachedPolicies.map(wireAttachedPolicy),
      };
    },
  };
}

function policyDetail(
  filter: Filter,
  policy: ManagedPolicyEntity,
  { arn, uses }: { readonly arn: string; readonly uses: PolicyUses },
): Detail {
  return {
    filter,
    member: 'Policies',
    key: `policy/${arn}`,
    toWire: () => ({
      ...wireListedPolicy(arn, policy, uses),
      PolicyVersionList: policy.versions.map((version) =>
        wirePolicyVersion(policy, version, { withDocument: true }),
      ),
    }),
  };
}

function someOf(items: readonly JsonObject[]): readonly JsonObject[] | undefined {
  return items.length === 0 ? undefined : items;
}
