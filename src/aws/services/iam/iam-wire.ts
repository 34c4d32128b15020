import type {
  GroupEntity,
  ManagedPolicyEntity,
  RoleEntity,
  Tag,
  UserEntity,
} from '../../../identity/entities.ts';
import { entityArn, type IamAccount } from '../../../identity/iam/iam-arns.ts';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { isoTime } from '../../../model/iso-time.ts';

/** Drops the members that have no value. */
export function wireMembers(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const given = Object.entries(members).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

/** `2026-11-21T07:30:00Z`: IAM tells no fractions of a second. */
export function wireTime(ms: number): string {
  return isoTime(Math.floor(ms / 1_000));
}

/** As IAM answers policies: percent-encoded as RFC 3986 has it. */
export function wireDocument(document: string): string {
  return encodeURIComponent(document.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function wireTags(tags: readonly Tag[]): JsonObject[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}

function someTags(tags: readonly Tag[]): JsonObject[] | undefined {
  return tags.length === 0 ? undefined : wireTags(tags);
}

function wireBoundary(arn: string | undefined): JsonObject | undefined {
  if (arn === undefined) return undefined;
  return { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: arn };
}

/** As in lists, which leave out what only `GetUser` tells. */
export function wireListedUser(account: IamAccount, user: UserEntity): JsonObject {
  return wireMembers({
    Path: user.path,
    UserName: user.userName,
    UserId: user.userId,
    Arn: entityArn(account, 'user', { path: user.path, name: user.userName }),
    CreateDate: wireTime(user.createdAtMs),
    PasswordLastUsed: user.passwordLastUsedMs === undefined ? undefined : wireTime(user.passwordLastUsedMs),
  });
}

export function wireUser(account: IamAccount, user: UserEntity): JsonObject {
  return wireMembers({
    ...wireListedUser(account, user),
    PermissionsBoundary: wireBoundary(user.permissionsBoundary),
    Tags: someTags(user.tags),
  });
}

export function wireGroup(account: IamAccount, group: GroupEntity): JsonObject {
  return {
    Path: group.path,
    GroupName: group.groupName,
    GroupId: group.groupId,
    Arn: entityArn(account, 'group', { path: group.path, name: group.groupName }),
    CreateDate: wireTime(group.createdAtMs),
  };
}

/** As in lists, which leave out what only `GetRole` tells. */
export function wireListedRole(account: IamAccount, role: RoleEntity): JsonObject {
  return wireMembers({
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: entityArn(account, 'role', { path: role.path, name: role.roleName }),
    CreateDate: wireTime(role.createdAtMs),
    AssumeRolePolicyDocument: wireDocument(role.trustPolicy),
    Description: role.description === '' ? undefined : role.description,
    MaxSessionDuration: role.maxSessionDurationSeconds,
  });
}

export function wireRole(account: IamAccount, role: RoleEntity): JsonObject {
  return wireMembers({
    ...wireListedRole(account, role),
    PermissionsBoundary: wireBoundary(role.permissionsBoundary),
    Tags: someTags(role.tags),
    RoleLastUsed: wireRoleLastUsed(role),
  });
}

function wireRoleLastUsed({ lastUsedMs, lastUsedRegion }: RoleEntity): JsonObject {
  if (lastUsedMs === undefined) return {};
  return wireMembers({ LastUsedDate: wireTime(lastUsedMs), Region: lastUsedRegion });
}

/** Where managed policies are attached, by ARN. */
export interface PolicyUses {
  readonly attachments: ReadonlyMap<string, number>;
  readonly boundaries: ReadonlyMap<string, number>;
}

/** As in lists, which leave out description and tags. */
export function wireListedPolicy(
  arn: string,
  policy: ManagedPolicyEntity,
  { attachments, boundaries }: PolicyUses,
): JsonObject {
  return {
    PolicyName: policy.policyName,
    PolicyId: policy.policyId,
    Arn: arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: attachments.get(arn) ?? 0,
    PermissionsBoundaryUsageCount: boundaries.get(arn) ?? 0,
    IsAttachable: true,
    CreateDate: wireTime(policy.createdAtMs),
    UpdateDate: wireTime(policy.updatedAtMs),
  };
}

export function wirePolicy(arn: string, policy: ManagedPolicyEntity, uses: PolicyUses): JsonObject {
  return wireMembers({
    ...wireListedPolicy(arn, policy, uses),
    Description: policy.description === '' ? undefined : policy.description,
    Tags: wireTags(policy.tags),
  });
}

export function wirePolicyVersion(
  policy: ManagedPolicyEntity,
  version: ManagedPolicyEntity['versions'][number],
  { withDocument }: { readonly withDocument: boolean },
): JsonObject {
  return wireMembers({
    Document: withDocument ? wireDocument(version.document) : undefined,
    VersionId: version.versionId,
    IsDefaultVersion: version.versionId === policy.defaultVersionId,
    CreateDate: wireTime(version.createdAtMs),
  });
}

/** `ReadOnly` of `arn:aws:iam::aws:policy/job-function/ReadOnly`. */
export function wireAttachedPolicy(arn: string): JsonObject {
  return { PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn };
}
