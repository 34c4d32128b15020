import { changeIdentities } from '../../../identity/iam/identity-work.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { requireBoundary } from './attachable-policy.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext } from './iam-context.ts';
import { required } from './iam-input.ts';
import { arn, existingUserName, roleName } from './iam-members.ts';
import { holderTarget } from './iam-targets.ts';

/** `PutUserPermissionsBoundary`, `DeleteRolePermissionsBoundary`, … */
export function permissionsBoundaryOperations(context: IamContext): ServiceOperation[] {
  return [putForUser(context), deleteForUser(context), putForRole(context), deleteForRole(context)];
}

function putForUser(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'PutUserPermissionsBoundary',
    isReadOnly: false,
    input: { UserName: required(existingUserName), PermissionsBoundary: required(arn) },
    targets: ({ UserName: name, PermissionsBoundary: permissionsBoundary }, call) =>
      holderTarget(context, call, { kind: 'user', name, given: { permissionsBoundary } }),
    async run({ UserName: name, PermissionsBoundary }, call) {
      const account = accountOf(call);
      const { accountId } = account;
      await changeIdentities(context.identities, async (work) => {
        const user = await requireHolder(work, 'user', { accountId, name });
        const boundary = await requireBoundary(work, { account, arn: PermissionsBoundary });
        await putHolder(work, 'user', { accountId, holder: { ...user, ...boundary } });
      });
      return {};
    },
  });
}

function putForRole(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'PutRolePermissionsBoundary',
    isReadOnly: false,
    input: { RoleName: required(roleName), PermissionsBoundary: required(arn) },
    targets: ({ RoleName: name, PermissionsBoundary: permissionsBoundary }, call) =>
      holderTarget(context, call, { kind: 'role', name, given: { permissionsBoundary } }),
    async run({ RoleName: name, PermissionsBoundary }, call) {
      const account = accountOf(call);
      const { accountId } = account;
      await changeIdentities(context.identities, async (work) => {
        const role = await requireHolder(work, 'role', { accountId, name });
        const boundary = await requireBoundary(work, { account, arn: PermissionsBoundary });
        await putHolder(work, 'role', { accountId, holder: { ...role, ...boundary } });
      });
      return {};
    },
  });
}

function deleteForUser(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeleteUserPermissionsBoundary',
    isReadOnly: false,
    input: { UserName: required(existingUserName) },
    targets: ({ UserName: name }, call) =>
      holderTarget(context, call, { kind: 'user', name, given: { currentBoundary: true } }),
    async run({ UserName: name }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const { permissionsBoundary, ...holder } = await requireHolder(work, 'user', { accountId, name });
        await putHolder(work, 'user', { accountId, holder });
      });
      return {};
    },
  });
}

function deleteForRole(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeleteRolePermissionsBoundary',
    isReadOnly: false,
    input: { RoleName: required(roleName) },
    targets: ({ RoleName: name }, call) =>
      holderTarget(context, call, { kind: 'role', name, given: { currentBoundary: true } }),
    async run({ RoleName: name }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const { permissionsBoundary, ...holder } = await requireHolder(work, 'role', { accountId, name });
        await putHolder(work, 'role', { accountId, holder });
      });
      return {};
    },
  });
}
