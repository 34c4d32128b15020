import type { ManagedPolicyEntity } from '../../../identity/entities.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities } from '../../../identity/iam/identity-work.ts';
import { requireOwnPolicy, requirePolicy } from '../../../identity/iam/managed-policies.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { checkManagedPolicy } from './check-policy.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import * as members from './iam-members.ts';
import { wirePolicyVersion } from './iam-wire.ts';
import { policyTarget } from './managed-policies.ts';
import { pageOf } from './paging.ts';

const input = { PolicyArn: required(members.arn) };
const versionInput = { ...input, VersionId: required(members.versionId) };

export function policyVersionOperations(context: IamContext): ServiceOperation[] {
  return [
    createPolicyVersion(context),
    getPolicyVersion(context),
    setDefaultPolicyVersion(context),
    deletePolicyVersion(context),
    listPolicyVersions(context),
  ];
}

function requireVersion(policy: ManagedPolicyEntity, arn: string, versionId: string) {
  const version = policy.versions.find((candidate) => candidate.versionId === versionId);
  if (version !== undefined) return version;
  throw iamError('NoSuchEntity', `Policy ${arn} version ${versionId} does not exist or is not attachable.`);
}

/** Changes one of the account's own policies; answers it as it is then. */
async function changePolicy(
  context: IamContext,
  call: ServiceCall,
  change: { readonly arn: string; to(policy: ManagedPolicyEntity): ManagedPolicyEntity },
): Promise<ManagedPolicyEntity> {
  const account = accountOf(call);
  return changeIdentities(context.identities, async (work) => {
    const { policy, reference } = await requireOwnPolicy(work, account, change.arn);
    const changed = { ...change.to(policy), updatedAtMs: context.clock.now() };
    await work.put({ kind: 'policy', accountId: account.accountId, name: reference.documentName }, changed);
    return changed;
  });
}

function createPolicyVersion(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'CreatePolicyVersion',
    isReadOnly: false,
    input: { ...input, PolicyDocument: required(members.policyDocument), SetAsDefault: members.isOn },
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn, PolicyDocument, SetAsDefault = false }, call) {
      checkManagedPolicy(PolicyDocument);
      const createdAtMs = context.clock.now();
      const policy = await changePolicy(context, call, {
        arn: PolicyArn,
        to(known) {
          if (known.versions.length >= iamQuotas.versionsPerPolicy) {
            throw iamError(
              'LimitExceeded',
              `A managed policy can have up to ${iamQuotas.versionsPerPolicy} versions. Before you create a new ` +
                'version, you must delete an existing version.',
            );
          }
          const versionId = `v${known.nextVersionNumber}`;
          return {
            ...known,
            nextVersionNumber: known.nextVersionNumber + 1,
            versions: [...known.versions, { versionId, document: PolicyDocument, createdAtMs }],
            defaultVersionId: SetAsDefault ? versionId : known.defaultVersionId,
          };
        },
      });
      const version = requireVersion(policy, PolicyArn, `v${policy.nextVersionNumber - 1}`);
      return { PolicyVersion: wirePolicyVersion(policy, version, { withDocument: false }) };
    },
  });
}

function getPolicyVersion(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetPolicyVersion',
    isReadOnly: true,
    input: versionInput,
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn, VersionId }, call) {
      const { policy } = await requirePolicy(readWork(context), accountOf(call), PolicyArn);
      const version = requireVersion(policy, PolicyArn, VersionId);
      return { PolicyVersion: wirePolicyVersion(policy, version, { withDocument: true }) };
    },
  });
}

function setDefaultPolicyVersion(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'SetDefaultPolicyVersion',
    isReadOnly: false,
    input: versionInput,
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn, VersionId }, call) {
      await changePolicy(context, call, {
        arn: PolicyArn,
        to: (policy) => ({
          ...policy,
          defaultVersionId: requireVersion(policy, PolicyArn, VersionId).versionId,
        }),
      });
      return {};
    },
  });
}

function deletePolicyVersion(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeletePolicyVersion',
    isReadOnly: false,
    input: versionInput,
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn, VersionId }, call) {
      await changePolicy(context, call, {
        arn: PolicyArn,
        to(policy) {
          requireVersion(policy, PolicyArn, VersionId);
          if (VersionId === policy.defaultVersionId) {
            throw iamError('DeleteConflict', 'Cannot delete the default version of a policy.');
          }
          return { ...policy, versions: policy.versions.filter(({ versionId }) => versionId !== VersionId) };
        },
      });
      return {};
    },
  });
}

function listPolicyVersions(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListPolicyVersions',
    isReadOnly: true,
    input: { ...input, ...members.paging },
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn, ...page }, call) {
      const { policy } = await requirePolicy(readWork(context), accountOf(call), PolicyArn);
      // The newest first, as IAM lists them.
      const keyOf = (versionId: string) =>
        String(1e9 - Number.parseInt(versionId.slice(1), 10)).padStart(10, '0');
      return pageOf(policy.versions, page, {
        member: 'Versions',
        keyOf: ({ versionId }) => keyOf(versionId),
        toWire: (version) => wirePolicyVersion(policy, version, { withDocument: false }),
      });
    },
  });
}
