import type { RoleEntity } from '../../../identity/entities.ts';
import { requestTags } from '../../../identity/iam/entity-tags.ts';
import { entityArn } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { newUniqueId } from '../../../identity/iam/iam-ids.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import { replaceTrusted } from '../../../identity/iam/trusted-principals.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { requireBoundary } from './attachable-policy.ts';
import { checkTrusted, checkTrustPolicy } from './check-policy.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import * as members from './iam-members.ts';
import { holderTarget, listTarget, newTarget } from './iam-targets.ts';
import { wireListedRole, wireRole } from './iam-wire.ts';
import { pageOfStore } from './paging.ts';

/** What `AssumeRole` gives where nothing else was said, as with IAM. */
const MAX_SESSION_DURATION_DEFAULT_S = 3_600;

const roleName = required(members.roleName);

export function roleOperations(context: IamContext): ServiceOperation[] {
  return [
    createRole(context),
    getRole(context),
    updateRole(context),
    updateRoleDescription(context),
    updateAssumeRolePolicy(context),
    deleteRole(context),
    listRoles(context),
    listInstanceProfilesForRole(context),
  ];
}

function createRole(context: IamContext): ServiceOperation {
  const { identities, clock, random } = context;
  return defineOperation({
    name: 'CreateRole',
    isReadOnly: false,
    input: {
      RoleName: roleName,
      AssumeRolePolicyDocument: required(members.policyDocument),
      Path: members.path,
      Description: members.roleDescription,
      MaxSessionDuration: members.maxSessionDuration,
      PermissionsBoundary: members.arn,
      Tags: members.tags,
    },
    targets: ({ RoleName, Path = '/', PermissionsBoundary, Tags }, call) =>
      newTarget(entityArn(accountOf(call), 'role', { path: Path, name: RoleName }), {
        permissionsBoundary: PermissionsBoundary,
        tags: requestTags(Tags),
      }),
    async run({ RoleName, Path = '/', AssumeRolePolicyDocument, PermissionsBoundary, ...input }, call) {
      const account = accountOf(call);
      const { accountId } = account;
      checkTrustPolicy(AssumeRolePolicyDocument);
      if (Path.startsWith('/aws-service-role/')) {
        throw iamError('ValidationError', 'Path /aws-service-role/ is reserved for service-linked roles.');
      }
      const role = await changeIdentities(identities, async (work) => {
        if ((await work.get('role', accountId, RoleName)) !== undefined) {
          throw iamError('EntityAlreadyExists', `Role with name ${RoleName} already exists.`);
        }
        if ((await work.count('role', accountId)) >= iamQuotas.rolesPerAccount) {
          throw iamError(
            'LimitExceeded',
            `Cannot exceed quota for RolesPerAccount: ${iamQuotas.rolesPerAccount}`,
          );
        }
        await checkTrusted(work, account, AssumeRolePolicyDocument);
        const created: RoleEntity = {
          roleName: RoleName,
          roleId: newUniqueId(random, 'AROA'),
          path: Path,
          createdAtMs: clock.now(),
          trustPolicy: AssumeRolePolicyDocument,
          description: input.Description ?? '',
          maxSessionDurationSeconds: input.MaxSessionDuration ?? MAX_SESSION_DURATION_DEFAULT_S,
          tags: requestTags(input.Tags),
          inlinePolicies: {},
          attachedPolicies: [],
          ...(await requireBoundary(work, { account, arn: PermissionsBoundary })),
        };
        await putHolder(work, 'role', { accountId, holder: created });
        return created;
      });
      return { Role: wireRole(account, role) };
    },
  });
}

function getRole(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetRole',
    isReadOnly: true,
    input: { RoleName: roleName },
    targets: ({ RoleName }, call) => holderTarget(context, call, { kind: 'role', name: RoleName }),
    async run({ RoleName }, call) {
      const { accountId } = call.principal;
      const role = await requireHolder(readWork(context), 'role', { accountId, name: RoleName });
      return { Role: wireRole(accountOf(call), role) };
    },
  });
}

/** Changes a role that is there; answers it as it is then. */
async function changeRole(
  context: IamContext,
  call: ServiceCall,
  change: {
    readonly name: string;
    to(role: RoleEntity, work: IdentityWork): RoleEntity | Promise<RoleEntity>;
  },
): Promise<RoleEntity> {
  const { accountId } = call.principal;
  return changeIdentities(context.identities, async (work) => {
    const holder = await change.to(await requireHolder(work, 'role', { accountId, name: change.name }), work);
    await putHolder(work, 'role', { accountId, holder });
    return holder;
  });
}

function updateRole(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'UpdateRole',
    isReadOnly: false,
    input: {
      RoleName: roleName,
      Description: members.roleDescription,
      MaxSessionDuration: members.maxSessionDuration,
    },
    targets: ({ RoleName }, call) => holderTarget(context, call, { kind: 'role', name: RoleName }),
    async run({ RoleName, Description, MaxSessionDuration }, call) {
      await changeRole(context, call, {
        name: RoleName,
        // A duration that is left out is the default again, as with IAM.
        to: (role) => ({
          ...role,
          description: Description ?? role.description,
          maxSessionDurationSeconds: MaxSessionDuration ?? MAX_SESSION_DURATION_DEFAULT_S,
        }),
      });
      return {};
    },
  });
}

function updateRoleDescription(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'UpdateRoleDescription',
    isReadOnly: false,
    input: { RoleName: roleName, Description: required(members.roleDescription) },
    targets: ({ RoleName }, call) => holderTarget(context, call, { kind: 'role', name: RoleName }),
    async run({ RoleName, Description }, call) {
      const role = await changeRole(context, call, {
        name: RoleName,
        to: (known) => ({ ...known, description: Description }),
      });
      return { Role: wireRole(accountOf(call), role) };
    },
  });
}

function updateAssumeRolePolicy(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'UpdateAssumeRolePolicy',
    isReadOnly: false,
    input: { RoleName: roleName, PolicyDocument: required(members.policyDocument) },
    targets: ({ RoleName }, call) => holderTarget(context, call, { kind: 'role', name: RoleName }),
    async run({ RoleName, PolicyDocument }, call) {
      checkTrustPolicy(PolicyDocument);
      await changeRole(context, call, {
        name: RoleName,
        async to(role, work) {
          await checkTrusted(work, accountOf(call), PolicyDocument);
          return { ...role, trustPolicy: PolicyDocument };
        },
      });
      return {};
    },
  });
}

function deleteRole(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeleteRole',
    isReadOnly: false,
    input: { RoleName: roleName },
    targets: ({ RoleName }, call) => holderTarget(context, call, { kind: 'role', name: RoleName }),
    async run({ RoleName }, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const role = await requireHolder(work, 'role', { accountId, name: RoleName });
        if (role.attachedPolicies.length > 0) {
          throw iamError('DeleteConflict', 'Cannot delete entity, must detach all policies first.');
        }
        if (Object.keys(role.inlinePolicies).length > 0) {
          throw iamError('DeleteConflict', 'Cannot delete entity, must delete policies first.');
        }
        await work.delete('role', accountId, RoleName);
        const from = entityArn(accountOf(call), 'role', { path: role.path, name: role.roleName });
        await replaceTrusted(work, { from, to: role.roleId });
      });
      return {};
    },
  });
}

function listRoles(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListRoles',
    isReadOnly: true,
    input: { PathPrefix: members.pathPrefix, ...members.paging },
    targets: ({ PathPrefix }, call) => listTarget(accountOf(call), 'role', PathPrefix),
    run: ({ PathPrefix = '/', ...page }, call) =>
      pageOfStore<RoleEntity>(context.identities, page, {
        kind: 'role',
        accountId: call.principal.accountId,
        member: 'Roles',
        accepts: (role) => role.path.startsWith(PathPrefix),
        toWire: (role) => wireListedRole(accountOf(call), role),
      }),
  });
}

/** There are no instance profiles here; Terraform asks for those of a role before it deletes it. */
function listInstanceProfilesForRole(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListInstanceProfilesForRole',
    isReadOnly: true,
    input: { RoleName: roleName, ...members.paging },
    targets: ({ RoleName }, call) => holderTarget(context, call, { kind: 'role', name: RoleName }),
    async run({ RoleName }, call) {
      const { accountId } = call.principal;
      await requireHolder(readWork(context), 'role', { accountId, name: RoleName });
      return { InstanceProfiles: [], IsTruncated: false };
    },
  });
}
