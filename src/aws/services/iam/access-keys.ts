import type { AccessKeyEntity } from '../../../identity/entities.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { newAccessKeyId, newSecretAccessKey } from '../../../identity/iam/iam-ids.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import { requireHolder } from '../../../identity/iam/policy-holders.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { callerUserName, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { accessKeyId, existingUserName, keyStatus, paging } from './iam-members.ts';
import { userTarget } from './iam-targets.ts';
import { wireMembers, wireTime } from './iam-wire.ts';
import { pageOf } from './paging.ts';
import { keysOf } from './users.ts';

export function accessKeyOperations(context: IamContext): ServiceOperation[] {
  return [
    createAccessKey(context),
    updateAccessKey(context),
    deleteAccessKey(context),
    listAccessKeys(context),
    getAccessKeyLastUsed(context),
  ];
}

function createAccessKey(context: IamContext): ServiceOperation {
  const { identities, clock, random, sealer } = context;
  return defineOperation({
    name: 'CreateAccessKey',
    isReadOnly: false,
    input: { UserName: existingUserName },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ UserName }, call) {
      const { accountId } = call.principal;
      const id = newAccessKeyId(random, accountId);
      const secret = newSecretAccessKey(random);
      const key = await changeIdentities(identities, async (work) => {
        const owner = await keyOwner(work, call, UserName);
        // Keys are made one after another, so that two calls at once cannot exceed the quota.
        if (owner === undefined) await work.put(rootKeysLock(accountId), { accountId });
        else await work.touch('user', accountId, owner);
        if ((await keysOf(work, accountId, owner)).length >= iamQuotas.accessKeysPerUser) {
          const message = `Cannot exceed quota for AccessKeysPerUser: ${iamQuotas.accessKeysPerUser}`;
          throw iamError('LimitExceeded', message);
        }
        const reference = { kind: 'accessKey', accountId, name: id } as const;
        const created: AccessKeyEntity = {
          accessKeyId: id,
          ...(owner === undefined ? {} : { userName: owner }),
          status: 'Active',
          createdAtMs: clock.now(),
          sealedSecret: sealer.seal(secret, reference),
        };
        await work.put(reference, created);
        return created;
      });
      const { AccessKeyId, Status, CreateDate, ...owner } = wireAccessKey(key);
      return {
        AccessKey: wireMembers({ ...owner, AccessKeyId, Status, SecretAccessKey: secret, CreateDate }),
      };
    },
  });
}

/** Stands for the user that the root does not have. */
function rootKeysLock(accountId: string) {
  return { kind: 'state', accountId, name: 'iam-root-keys' } as const;
}

/** The user's name as it was made; undefined for the root. Throws `NoSuchEntity`. */
async function keyOwner(
  work: IdentityWork,
  call: ServiceCall,
  given: string | undefined,
): Promise<string | undefined> {
  const name = given ?? callerUserName(call);
  if (name === undefined) return undefined;
  return (await requireHolder(work, 'user', { accountId: call.principal.accountId, name })).userName;
}

function wireAccessKey({ userName, accessKeyId: id, status, createdAtMs }: AccessKeyEntity): JsonObject {
  return wireMembers({
    UserName: userName,
    AccessKeyId: id,
    Status: status,
    CreateDate: wireTime(createdAtMs),
  });
}

/** A key of that user; throws `NoSuchEntity` also for one of another user. */
async function requireKey(
  work: IdentityWork,
  call: ServiceCall,
  input: { readonly UserName: string | undefined; readonly AccessKeyId: string },
): Promise<AccessKeyEntity> {
  const owner = await keyOwner(work, call, input.UserName);
  const key = await work.get('accessKey', call.principal.accountId, input.AccessKeyId);
  if (key === undefined || key.userName?.toLowerCase() !== owner?.toLowerCase()) {
    throw noSuchKey(input.AccessKeyId);
  }
  return key;
}

function noSuchKey(id: string) {
  return iamError('NoSuchEntity', `The Access Key with id ${id} cannot be found.`);
}

function updateAccessKey(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'UpdateAccessKey',
    isReadOnly: false,
    input: { UserName: existingUserName, AccessKeyId: required(accessKeyId), Status: required(keyStatus) },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ Status, ...input }, call) {
      const { accountId } = call.principal;
      if (Status === 'Expired') throw iamError('InvalidInput', 'Status must be Active or Inactive.');
      await changeIdentities(context.identities, async (work) => {
        const key = await requireKey(work, call, input);
        const reference = { kind: 'accessKey', accountId, name: key.accessKeyId } as const;
        await work.put(reference, { ...key, status: Status });
      });
      return {};
    },
  });
}

function deleteAccessKey(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeleteAccessKey',
    isReadOnly: false,
    input: { UserName: existingUserName, AccessKeyId: required(accessKeyId) },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run(input, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const key = await requireKey(work, call, input);
        await work.delete('accessKey', accountId, key.accessKeyId);
        await work.delete('accessKeyUse', accountId, key.accessKeyId);
      });
      return {};
    },
  });
}

function listAccessKeys(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListAccessKeys',
    isReadOnly: true,
    input: { UserName: existingUserName, ...paging },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ UserName, ...page }, call) {
      const work = readWork(context);
      const owner = await keyOwner(work, call, UserName);
      return pageOf(await keysOf(work, call.principal.accountId, owner), page, {
        member: 'AccessKeyMetadata',
        keyOf: ({ createdAtMs, accessKeyId: id }) => `${String(createdAtMs).padStart(15, '0')}/${id}`,
        toWire: wireAccessKey,
      });
    },
  });
}

function getAccessKeyLastUsed(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetAccessKeyLastUsed',
    isReadOnly: true,
    input: { AccessKeyId: required(accessKeyId) },
    targets: async ({ AccessKeyId }, call) => {
      const key = await readWork(context).get('accessKey', call.principal.accountId, AccessKeyId);
      return key?.userName === undefined ? { resourceArn: '*' } : userTarget(context, call, key.userName);
    },
    async run({ AccessKeyId }, call) {
      const { accountId } = call.principal;
      const work = readWork(context);
      const key = await work.get('accessKey', accountId, AccessKeyId);
      if (key === undefined) throw noSuchKey(AccessKeyId);
      const use = await work.get('accessKeyUse', accountId, AccessKeyId);
      return wireMembers({
        UserName: key.userName,
        AccessKeyLastUsed: wireMembers({
          LastUsedDate: use === undefined ? undefined : wireTime(use.lastUsedMs),
          ServiceName: use?.serviceName ?? 'N/A',
          Region: use?.region ?? 'N/A',
        }),
      });
    },
  });
}
