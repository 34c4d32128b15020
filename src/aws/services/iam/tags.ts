import type { Tag } from '../../../identity/entities.ts';
import { requestTags, withoutTags, withTags } from '../../../identity/iam/entity-tags.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import { requireOwnPolicy, requirePolicy } from '../../../identity/iam/managed-policies.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import type { AccessTarget, ServiceCall, ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { absentMember, type Member, required } from './iam-input.ts';
import * as members from './iam-members.ts';
import { holderTarget, type TargetContext } from './iam-targets.ts';
import { policyTarget } from './managed-policies.ts';
import { pageOf } from './paging.ts';

/** How the tags of users, roles and policies differ. */
interface Tagged {
  readonly noun: 'User' | 'Role' | 'Policy';
  /** The member that names the entity. */
  readonly nameMember: 'UserName' | 'RoleName' | 'PolicyArn';
  readonly name: Member<string>;
  target(
    context: IamContext,
    call: ServiceCall,
    about: { readonly name: string; readonly given?: TargetContext },
  ): Promise<AccessTarget>;
  read(work: IdentityWork, call: ServiceCall, name: string): Promise<readonly Tag[]>;
  change(
    work: IdentityWork,
    call: ServiceCall,
    change: { readonly name: string; to(tags: readonly Tag[]): Tag[] },
  ): Promise<void>;
}

/** `TagUser`, `UntagRole`, `ListPolicyTags`, … */
export function tagOperations(context: IamContext): ServiceOperation[] {
  return [taggedUser, taggedRole, taggedPolicy].flatMap((tagged) => [
    tag(context, tagged),
    untag(context, tagged),
    listTags(context, tagged),
  ]);
}

const taggedUser: Tagged = {
  noun: 'User',
  nameMember: 'UserName',
  name: members.existingUserName,
  target: (context, call, about) => holderTarget(context, call, { kind: 'user', ...about }),
  read: async (work, { principal: { accountId } }, name) =>
    (await requireHolder(work, 'user', { accountId, name })).tags,
  async change(work, { principal: { accountId } }, { name, to }) {
    const user = await requireHolder(work, 'user', { accountId, name });
    await putHolder(work, 'user', { accountId, holder: { ...user, tags: to(user.tags) } });
  },
};

const taggedRole: Tagged = {
  noun: 'Role',
  nameMember: 'RoleName',
  name: members.roleName,
  target: (context, call, about) => holderTarget(context, call, { kind: 'role', ...about }),
  read: async (work, { principal: { accountId } }, name) =>
    (await requireHolder(work, 'role', { accountId, name })).tags,
  async change(work, { principal: { accountId } }, { name, to }) {
    const role = await requireHolder(work, 'role', { accountId, name });
    await putHolder(work, 'role', { accountId, holder: { ...role, tags: to(role.tags) } });
  },
};

const taggedPolicy: Tagged = {
  noun: 'Policy',
  nameMember: 'PolicyArn',
  name: members.arn,
  target: (context, call, { name, ...about }) => policyTarget(context, call, { arn: name, ...about }),
  read: async (work, call, name) => (await requirePolicy(work, accountOf(call), name)).policy.tags,
  async change(work, call, { name, to }) {
    const { policy, reference } = await requireOwnPolicy(work, accountOf(call), name);
    const document = {
      kind: 'policy',
      accountId: reference.accountId,
      name: reference.documentName,
    } as const;
    await work.put(document, { ...policy, tags: to(policy.tags) });
  },
};

const entityMembers = { UserName: absentMember, RoleName: absentMember, PolicyArn: absentMember };

function inputOf({ nameMember, name }: Tagged) {
  return { ...entityMembers, [nameMember]: required(name) };
}

function nameIn(given: {
  readonly UserName: string | undefined;
  readonly RoleName: string | undefined;
  readonly PolicyArn: string | undefined;
}): string {
  return given.UserName ?? given.RoleName ?? given.PolicyArn ?? '';
}

function tag(context: IamContext, tagged: Tagged): ServiceOperation {
  return defineOperation({
    name: `Tag${tagged.noun}`,
    isReadOnly: false,
    input: { ...inputOf(tagged), Tags: required(members.tags) },
    targets: ({ Tags, ...given }, call) =>
      tagged.target(context, call, { name: nameIn(given), given: { tags: requestTags(Tags) } }),
    async run({ Tags, ...given }, call) {
      const added = requestTags(Tags);
      await changeIdentities(context.identities, (work) =>
        tagged.change(work, call, { name: nameIn(given), to: (tags) => withTags(tags, added) }),
      );
      return {};
    },
  });
}

function untag(context: IamContext, tagged: Tagged): ServiceOperation {
  return defineOperation({
    name: `Untag${tagged.noun}`,
    isReadOnly: false,
    input: { ...inputOf(tagged), TagKeys: required(members.tagKeys) },
    targets: ({ TagKeys, ...given }, call) =>
      tagged.target(context, call, { name: nameIn(given), given: { tagKeys: TagKeys } }),
    async run({ TagKeys, ...given }, call) {
      await changeIdentities(context.identities, (work) =>
        tagged.change(work, call, { name: nameIn(given), to: (tags) => withoutTags(tags, TagKeys) }),
      );
      return {};
    },
  });
}

function listTags(context: IamContext, tagged: Tagged): ServiceOperation {
  return defineOperation({
    name: `List${tagged.noun}Tags`,
    isReadOnly: true,
    input: { ...inputOf(tagged), ...members.paging },
    targets: (given, call) => tagged.target(context, call, { name: nameIn(given) }),
    async run(given, call) {
      return pageOf(await tagged.read(readWork(context), call, nameIn(given)), given, {
        member: 'Tags',
        keyOf: ({ key }) => key.toLowerCase(),
        toWire: (one) => ({ Key: one.key, Value: one.value }),
      });
    },
  });
}
