import type { AccountEntity } from '../../../identity/entities.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import { listManagedPolicies } from '../../../identity/policy/managed/managed-policies.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { accountAlias, paging } from './iam-members.ts';
import { keysOf } from './users.ts';

const anything = () => ({ resourceArn: '*' });

export function accountOperations(context: IamContext): ServiceOperation[] {
  return [
    createAccountAlias(context),
    deleteAccountAlias(context),
    listAccountAliases(context),
    getAccountSummary(context),
  ];
}

/** Aliases are unique among all accounts, so each is reserved by a document that belongs to none. */
function reservation(alias: string) {
  return { kind: 'state', accountId: '000000000000', name: `iam-account-alias/${alias}` } as const;
}

async function accountEntity(
  work: IdentityWork,
  accountId: string,
  createdAtMs: number,
): Promise<AccountEntity> {
  const known = await work.get('account', accountId, accountId);
  return known ?? { accountId, name: accountId, email: '', status: 'ACTIVE', createdAtMs };
}

/** An account has one alias: another one takes its place, as with IAM. */
function createAccountAlias(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'CreateAccountAlias',
    isReadOnly: false,
    input: { AccountAlias: required(accountAlias) },
    targets: anything,
    async run({ AccountAlias: alias }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const reserved = reservation(alias);
        const holder = await work.get('state', reserved.accountId, reserved.name);
        if (holder !== undefined && holder.accountId !== accountId) {
          throw iamError('EntityAlreadyExists', `The account alias ${alias} already exists.`);
        }
        const account = await accountEntity(work, accountId, context.clock.now());
        if (account.alias === alias) return;
        if (account.alias !== undefined) {
          const { accountId: nobody, name } = reservation(account.alias);
          await work.delete('state', nobody, name);
        }
        await work.put(reserved, { accountId });
        await work.put({ kind: 'account', accountId, name: accountId }, { ...account, alias });
      });
      return {};
    },
  });
}

function deleteAccountAlias(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeleteAccountAlias',
    isReadOnly: false,
    input: { AccountAlias: required(accountAlias) },
    targets: anything,
    async run({ AccountAlias }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const account = await work.get('account', accountId, accountId);
        if (account?.alias !== AccountAlias) {
          throw iamError('NoSuchEntity', `The account alias ${AccountAlias} cannot be found.`);
        }
        const { alias, ...rest } = account;
        const reserved = reservation(AccountAlias);
        await work.delete('state', reserved.accountId, reserved.name);
        await work.put({ kind: 'account', accountId, name: accountId }, rest);
      });
      return {};
    },
  });
}

function listAccountAliases(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListAccountAliases',
    isReadOnly: true,
    input: paging,
    targets: anything,
    async run(_, call) {
      const { accountId } = call.principal;
      const account = await readWork(context).get('account', accountId, accountId);
      return { AccountAliases: account?.alias === undefined ? [] : [account.alias], IsTruncated: false };
    },
  });
}

/** What IAM counts but is not here is 0. */
function getAccountSummary(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetAccountSummary',
    isReadOnly: true,
    input: {},
    targets: anything,
    async run(_, call) {
      const { accountId } = call.principal;
      const work = readWork(context);
      const policies = await work.list('policy', accountId);
      const summary: Readonly<Record<string, number>> = {
        Users: await work.count('user', accountId),
        Groups: await work.count('group', accountId),
        Roles: await work.count('role', accountId),
        Policies: policies.length,
        PolicyVersionsInUse: policies.length + listManagedPolicies().length,
        AccountAccessKeysPresent: (await keysOf(work, accountId, undefined)).length > 0 ? 1 : 0,
        ...quotas,
        ...absent,
      };
      const entries = Object.entries(summary).sort(([a], [b]) => (a < b ? -1 : 1));
      return { SummaryMap: entries.map(([key, value]) => ({ key, value })) };
    },
  });
}

const quotas = {
  UsersQuota: iamQuotas.usersPerAccount,
  GroupsQuota: iamQuotas.groupsPerAccount,
  RolesQuota: iamQuotas.rolesPerAccount,
  PoliciesQuota: iamQuotas.policiesPerAccount,
  GroupsPerUserQuota: iamQuotas.groupsPerUser,
  AccessKeysPerUserQuota: iamQuotas.accessKeysPerUser,
  AttachedPoliciesPerUserQuota: iamQuotas.attachedPoliciesPerEntity,
  AttachedPoliciesPerGroupQuota: iamQuotas.attachedPoliciesPerEntity,
  AttachedPoliciesPerRoleQuota: iamQuotas.attachedPoliciesPerEntity,
  UserPolicySizeQuota: iamQuotas.userPolicySize,
  GroupPolicySizeQuota: iamQuotas.groupPolicySize,
  RolePolicySizeQuota: iamQuotas.rolePolicySize,
  PolicySizeQuota: iamQuotas.managedPolicySize,
  AssumeRolePolicySizeQuota: iamQuotas.trustPolicySize,
  VersionsPerPolicyQuota: iamQuotas.versionsPerPolicy,
  /** IAM's own value; nothing here counts towards it. */
  PolicyVersionsInUseQuota: 10_000,
} as const;

const absent = {
  AccountMFAEnabled: 0,
  AccountPasswordPresent: 0,
  AccountSigningCertificatesPresent: 0,
  GlobalEndpointTokenVersion: 1,
  InstanceProfiles: 0,
  InstanceProfilesQuota: 0,
  MFADevices: 0,
  MFADevicesInUse: 0,
  Providers: 0,
  ServerCertificates: 0,
  ServerCertificatesQuota: 0,
  SigningCertificatesPerUserQuota: 0,
} as const;
