import type { ManagedPolicyEntity } from '../../../identity/entities.ts';
import { requestTags } from '../../../identity/iam/entity-tags.ts';
import { entityArn, type IamAccount } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { newUniqueId } from '../../../identity/iam/iam-ids.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import {
  countPolicyUses,
  findPolicy,
  listHolders,
  managedEntity,
  policyArn,
  policyDocumentName,
  requireOwnPolicy,
  requirePolicy,
} from '../../../identity/iam/managed-policies.ts';
import { listManagedPolicies } from '../../../identity/policy/managed/managed-policies.ts';
import type { AccessTarget, ServiceCall, ServiceOperation } from '../service-operation.ts';
import { checkManagedPolicy } from './check-policy.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { oneOf, required } from './iam-input.ts';
import * as members from './iam-members.ts';
import { listTarget, newTarget, type TargetContext } from './iam-targets.ts';
import { type PolicyUses, wireListedPolicy, wirePolicy } from './iam-wire.ts';
import { pageOf } from './paging.ts';

const input = { PolicyArn: required(members.arn) };

export function managedPolicyOperations(context: IamContext): ServiceOperation[] {
  return [createPolicy(context), getPolicy(context), deletePolicy(context), listPolicies(context)];
}

/** The policy that a call is about. Throws `InvalidInput` for what is not the ARN of one. */
export async function policyTarget(
  context: IamContext,
  call: ServiceCall,
  about: { readonly arn: string; readonly given?: TargetContext },
): Promise<AccessTarget> {
  const found = await findPolicy(readWork(context), accountOf(call), about.arn);
  const tags = found?.policy.tags ?? [];
  return {
    ...newTarget(about.arn, about.given),
    resourceTags: new Map(tags.map(({ key, value }) => [key, value])),
  };
}

/** Names of policies are unique whatever their path, so each is reserved by a document of its own. */
function reservation({ accountId }: IamAccount, policyName: string) {
  return { kind: 'state', accountId, name: `iam-policy-name/${policyName.toLowerCase()}` } as const;
}

function createPolicy(context: IamContext): ServiceOperation {
  const { identities, clock, random } = context;
  return defineOperation({
    name: 'CreatePolicy',
    isReadOnly: false,
    input: {
      PolicyName: required(members.policyName),
      PolicyDocument: required(members.policyDocument),
      Path: members.policyPath,
      Description: members.policyDescription,
      Tags: members.tags,
    },
    targets: ({ PolicyName, Path = '/', Tags }, call) =>
      newTarget(entityArn(accountOf(call), 'policy', { path: Path, name: PolicyName }), {
        tags: requestTags(Tags),
      }),
    async run({ PolicyName, PolicyDocument, Path = '/', Description = '', Tags }, call) {
      const account = accountOf(call);
      checkManagedPolicy(PolicyDocument);
      const createdAtMs = clock.now();
      const policy: ManagedPolicyEntity = {
        policyName: PolicyName,
        policyId: newUniqueId(random, 'ANPA'),
        path: Path,
        description: Description,
        tags: requestTags(Tags),
        createdAtMs,
        updatedAtMs: createdAtMs,
        defaultVersionId: 'v1',
        nextVersionNumber: 2,
        versions: [{ versionId: 'v1', document: PolicyDocument, createdAtMs }],
      };
      await changeIdentities(identities, (work) => addPolicy(work, account, policy));
      const unused = { attachments: new Map(), boundaries: new Map() };
      return { Policy: wirePolicy(policyArn(account, policy), policy, unused) };
    },
  });
}

async function addPolicy(
  work: IdentityWork,
  account: IamAccount,
  policy: ManagedPolicyEntity,
): Promise<void> {
  const { accountId } = account;
  const { policyName } = policy;
  const reserved = reservation(account, policyName);
  if ((await work.get('state', accountId, reserved.name)) !== undefined) {
    const message = `A policy called ${policyName} already exists. Duplicate names are not allowed.`;
    throw iamError('EntityAlreadyExists', message);
  }
  if ((await work.count('policy', accountId)) >= iamQuotas.policiesPerAccount) {
    const message = `Cannot exceed quota for PoliciesPerAccount: ${iamQuotas.policiesPerAccount}`;
    throw iamError('LimitExceeded', message);
  }
  await work.put(reserved, { accountId });
  await work.put({ kind: 'policy', accountId, name: policyDocumentName(policy) }, policy);
}

async function usesOf(context: IamContext, accountId: string): Promise<PolicyUses> {
  return countPolicyUses(await listHolders(readWork(context), accountId));
}

function getPolicy(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetPolicy',
    isReadOnly: true,
    input,
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn }, call) {
      const account = accountOf(call);
      const { policy } = await requirePolicy(readWork(context), account, PolicyArn);
      return { Policy: wirePolicy(PolicyArn, policy, await usesOf(context, account.accountId)) };
    },
  });
}

function deletePolicy(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeletePolicy',
    isReadOnly: false,
    input,
    targets: ({ PolicyArn }, call) => policyTarget(context, call, { arn: PolicyArn }),
    async run({ PolicyArn }, call) {
      const account = accountOf(call);
      const { accountId } = account;
      await changeIdentities(context.identities, async (work) => {
        const { policy, reference } = await requireOwnPolicy(work, account, PolicyArn);
        const { attachments, boundaries } = countPolicyUses(await listHolders(work, accountId));
        if (attachments.has(PolicyArn) || boundaries.has(PolicyArn)) {
          throw iamError('DeleteConflict', 'Cannot delete a policy attached to entities.');
        }
        if (policy.versions.length > 1) {
          throw iamError(
            'DeleteConflict',
            'This policy has more than one version. Before you delete a policy, you must delete the ' +
              "policy's versions. The default version is deleted with the policy.",
          );
        }
        await work.delete('policy', accountId, reference.documentName);
        await work.delete('state', accountId, reservation(account, policy.policyName).name);
      });
      return {};
    },
  });
}

const listInput = {
  Scope: oneOf(['All', 'AWS', 'Local']),
  OnlyAttached: members.isOn,
  PathPrefix: members.policyPath,
  PolicyUsageFilter: oneOf(['PermissionsPolicy', 'PermissionsBoundary']),
  ...members.paging,
};

function listPolicies(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ListPolicies',
    isReadOnly: true,
    input: listInput,
    targets: ({ PathPrefix }, call) => listTarget(accountOf(call), 'policy', PathPrefix),
    async run({ Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter, ...page }, call) {
      const account = accountOf(call);
      const own = Scope === 'AWS' ? [] : await readWork(context).list('policy', account.accountId);
      const all = [
        ...own.map((policy) => ({ arn: policyArn(account, policy), policy })),
        ...(Scope === 'Local' ? [] : listManagedPolicies()).map((managed) => ({
          arn: managed.arn,
          policy: managedEntity(managed),
        })),
      ];
      const uses = await usesOf(context, account.accountId);
      const { attachments, boundaries } = uses;
      const isUsed = (arn: string) => {
        if (PolicyUsageFilter === 'PermissionsPolicy') return attachments.has(arn);
        if (PolicyUsageFilter === 'PermissionsBoundary') return boundaries.has(arn);
        return !OnlyAttached || attachments.has(arn);
      };
      return pageOf(
        all.filter(({ arn, policy }) => policy.path.startsWith(PathPrefix) && isUsed(arn)),
        page,
        {
          member: 'Policies',
          keyOf: ({ arn }) => arn,
          toWire: ({ arn, policy }) => wireListedPolicy(arn, policy, uses),
        },
      );
    },
  });
}
