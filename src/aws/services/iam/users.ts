import type { AccessKeyEntity, UserEntity } from '../../../identity/entities.ts';
import { requestTags } from '../../../identity/iam/entity-tags.ts';
import { entityArn, rootArn } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { newUniqueId } from '../../../identity/iam/iam-ids.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import { replaceTrusted } from '../../../identity/iam/trusted-principals.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { requireBoundary } from './attachable-policy.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, callerUserName, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { arn, existingUserName, paging, path, pathPrefix, tags, userName } from './iam-members.ts';
import { holderTarget, listTarget, newTarget, userTarget } from './iam-targets.ts';
import { wireListedUser, wireMembers, wireTime, wireUser } from './iam-wire.ts';
import { pageOfStore } from './paging.ts';

export function userOperations(context: IamContext): ServiceOperation[] {
  return [
    createUser(context),
    getUser(context),
    updateUser(context),
    deleteUser(context),
    listUsers(context),
  ];
}

function createUser(context: IamContext): ServiceOperation {
  const { identities, clock, random } = context;
  return defineOperation({
    name: 'CreateUser',
    isReadOnly: false,
    input: { UserName: required(userName), Path: path, PermissionsBoundary: arn, Tags: tags },
    targets: ({ UserName, Path = '/', PermissionsBoundary, Tags }, call) =>
      newTarget(entityArn(accountOf(call), 'user', { path: Path, name: UserName }), {
        permissionsBoundary: PermissionsBoundary,
        tags: requestTags(Tags),
      }),
    async run({ UserName, Path = '/', PermissionsBoundary, Tags }, call) {
      const account = accountOf(call);
      const { accountId } = account;
      const user = await changeIdentities(identities, async (work) => {
        await refuseKnownUser(work, accountId, UserName);
        if ((await work.count('user', accountId)) >= iamQuotas.usersPerAccount) {
          throw iamError(
            'LimitExceeded',
            `Cannot exceed quota for UsersPerAccount: ${iamQuotas.usersPerAccount}`,
          );
        }
        const created: UserEntity = {
          userName: UserName,
          userId: newUniqueId(random, 'AIDA'),
          path: Path,
          createdAtMs: clock.now(),
          tags: requestTags(Tags),
          groups: [],
          inlinePolicies: {},
          attachedPolicies: [],
          ...(await requireBoundary(work, { account, arn: PermissionsBoundary })),
        };
        await putHolder(work, 'user', { accountId, holder: created });
        return created;
      });
      return { User: wireUser(account, user) };
    },
  });
}

async function refuseKnownUser(work: IdentityWork, accountId: string, name: string): Promise<void> {
  if ((await work.get('user', accountId, name)) !== undefined) {
    throw iamError('EntityAlreadyExists', `User with name ${name} already exists.`);
  }
}

function getUser(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetUser',
    isReadOnly: true,
    input: { UserName: existingUserName },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ UserName }, call) {
      const account = accountOf(call);
      const name = UserName ?? callerUserName(call);
      if (name === undefined) return rootUser(context, call);
      const user = await requireHolder(readWork(context), 'user', { accountId: account.accountId, name });
      return { User: wireUser(account, user) };
    },
  });
}

/** The root of an account is told like a user without name and path. */
async function rootUser(context: IamContext, call: ServiceCall) {
  const account = accountOf(call);
  const known = await readWork(context).get('account', account.accountId, account.accountId);
  return {
    User: wireMembers({
      UserId: account.accountId,
      Arn: rootArn(account),
      CreateDate: known === undefined ? undefined : wireTime(known.createdAtMs),
    }),
  };
}

function updateUser(context: IamContext): ServiceOperation {
  const { identities } = context;
  return defineOperation({
    name: 'UpdateUser',
    isReadOnly: false,
    input: { UserName: required(existingUserName), NewPath: path, NewUserName: userName },
    targets: async ({ UserName, NewPath, NewUserName }, call) => {
      const target = await holderTarget(context, call, { kind: 'user', name: UserName });
      if (NewPath === undefined && NewUserName === undefined) return target;
      const { accountId } = call.principal;
      const user = await readWork(context).get('user', accountId, UserName);
      const renamed = { path: NewPath ?? user?.path ?? '/', name: NewUserName ?? UserName };
      return [target, newTarget(entityArn(accountOf(call), 'user', renamed))];
    },
    async run({ UserName, NewPath, NewUserName }, call) {
      const { accountId } = call.principal;
      await changeIdentities(identities, async (work) => {
        const user = await requireHolder(work, 'user', { accountId, name: UserName });
        const renamed = { ...user, path: NewPath ?? user.path, userName: NewUserName ?? user.userName };
        if (renamed.userName.toLowerCase() !== user.userName.toLowerCase()) {
          await refuseKnownUser(work, accountId, renamed.userName);
          await work.delete('user', accountId, user.userName);
        }
        await putHolder(work, 'user', { accountId, holder: renamed });
        await replaceTrusted(work, { from: arnOf(call, user), to: arnOf(call, renamed) });
        for (const key of await keysOf(work, accountId, user.userName)) {
          const reference = { kind: 'accessKey', accountId, name: key.accessKeyId } as const;
          await work.put(reference, { ...key, userName: renamed.userName });
        }
      });
      return {};
    },
  });
}

function arnOf(call: ServiceCall, { path: userPath, userName: name }: UserEntity): string {
  return entityArn(accountOf(call), 'user', { path: userPath, name });
}

/** The keys of a user, or with undefined those of the root. */
export async function keysOf(
  work: IdentityWork,
  accountId: string,
  name: string | undefined,
): Promise<AccessKeyEntity[]> {
  const keys = await work.list('accessKey', accountId);
  return keys.filter((key) => key.userName?.toLowerCase() === name?.toLowerCase());
}

function deleteUser(context: IamContext): ServiceOperation {
  const { identities } = context;
  return defineOperation({
    name: 'DeleteUser',
    isReadOnly: false,
    input: { UserName: required(existingUserName) },
    targets: ({ UserName }, call) => holderTarget(context, call, { kind: 'user', name: UserName }),
    async run({ UserName }, call) {
      const { accountId } = call.principal;
      await changeIdentities(identities, async (work) => {
        const user = await requireHolder(work, 'user', { accountId, name: UserName });
        const must = await whatHoldsUser(work, accountId, user);
        if (must !== undefined) throw iamError('DeleteConflict', `Cannot delete entity, must ${must} first.`);
        await work.delete('user', accountId, UserName);
        await replaceTrusted(work, { from: arnOf(call, user), to: user.userId });
      });
      return {};
    },
  });
}

async function whatHoldsUser(
  work: IdentityWork,
  accountId: string,
  user: UserEntity,
): Promise<string | undefined> {
  if ((await keysOf(work, accountId, user.userName)).length > 0) return 'delete access keys';
  if (user.loginProfile !== undefined) return 'delete login profile';
  if (user.groups.length > 0) return 'remove users from group';
  if (user.attachedPolicies.length > 0) return 'detach all policies';
  if (Object.keys(user.inlinePolicies).length > 0) return 'delete policies';
  return undefined;
}

function listUsers(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListUsers',
    isReadOnly: true,
    input: { PathPrefix: pathPrefix, ...paging },
    targets: ({ PathPrefix }, call) => listTarget(accountOf(call), 'user', PathPrefix),
    run: ({ PathPrefix = '/', ...page }, call) =>
      pageOfStore<UserEntity>(context.identities, page, {
        kind: 'user',
        accountId: call.principal.accountId,
        member: 'Users',
        accepts: (user) => user.path.startsWith(PathPrefix),
        toWire: (user) => wireListedUser(accountOf(call), user),
      }),
  });
}
