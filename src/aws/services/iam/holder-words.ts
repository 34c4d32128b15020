import type { HolderKind } from '../../../identity/iam/policy-holders.ts';
import { absentMember, type Member, required } from './iam-input.ts';
import { existingUserName, groupName, roleName } from './iam-members.ts';

/** How the operations on users, groups and roles differ in their words. */
export interface HolderWords {
  readonly kind: HolderKind;
  /** In the names of operations. */
  readonly noun: 'User' | 'Group' | 'Role';
  readonly nameMember: 'UserName' | 'GroupName' | 'RoleName';
  /** The member that names the entity; exactly one of the three is there. */
  readonly input: {
    readonly UserName: Member<string>;
    readonly GroupName: Member<string>;
    readonly RoleName: Member<string>;
  };
  nameOf(given: {
    readonly UserName: string | undefined;
    readonly GroupName: string | undefined;
    readonly RoleName: string | undefined;
  }): string;
}

const none = { UserName: absentMember, GroupName: absentMember, RoleName: absentMember };

const userWords: HolderWords = {
  kind: 'user',
  noun: 'User',
  nameMember: 'UserName',
  input: { ...none, UserName: required(existingUserName) },
  nameOf: ({ UserName = '' }) => UserName,
};

const groupWords: HolderWords = {
  kind: 'group',
  noun: 'Group',
  nameMember: 'GroupName',
  input: { ...none, GroupName: required(groupName) },
  nameOf: ({ GroupName = '' }) => GroupName,
};

const roleWords: HolderWords = {
  kind: 'role',
  noun: 'Role',
  nameMember: 'RoleName',
  input: { ...none, RoleName: required(roleName) },
  nameOf: ({ RoleName = '' }) => RoleName,
};

export const holderWords: readonly HolderWords[] = [userWords, groupWords, roleWords];
