import { iamError } from '../../../identity/iam/iam-error.ts';
import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities } from '../../../identity/iam/identity-work.ts';
import { findPolicy } from '../../../identity/iam/managed-policies.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { requireAttachable } from './attachable-policy.ts';
import { defineOperation } from './define-operation.ts';
import { type HolderWords, holderWords } from './holder-words.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { arn, paging, policyPath } from './iam-members.ts';
import { holderTarget } from './iam-targets.ts';
import { wireAttachedPolicy } from './iam-wire.ts';
import { pageOf } from './paging.ts';

/** `AttachUserPolicy`, `DetachRolePolicy`, `ListAttachedGroupPolicies`, … */
export function attachedPolicyOperations(context: IamContext): ServiceOperation[] {
  return holderWords.flatMap((words) => [
    attachPolicy(context, words),
    detachPolicy(context, words),
    listAttachedPolicies(context, words),
  ]);
}

function attachPolicy(context: IamContext, { kind, noun, nameOf, input }: HolderWords): ServiceOperation {
  return defineOperation({
    name: `Attach${noun}Policy`,
    isReadOnly: false,
    input: { ...input, PolicyArn: required(arn) },
    targets: (given, call) =>
      holderTarget(context, call, {
        kind,
        name: nameOf(given),
        given: { policyArn: given.PolicyArn, currentBoundary: true },
      }),
    async run(given, call) {
      const account = accountOf(call);
      const { accountId } = account;
      await changeIdentities(context.identities, async (work) => {
        const holder = await requireHolder(work, kind, { accountId, name: nameOf(given) });
        const { attachedPolicies } = holder;
        await requireAttachable(work, { account, arn: given.PolicyArn });
        if (attachedPolicies.includes(given.PolicyArn)) return;
        const quota = iamQuotas.attachedPoliciesPerEntity;
        if (attachedPolicies.length >= quota) {
          throw iamError('LimitExceeded', `Cannot exceed quota for PoliciesPer${noun}: ${quota}`);
        }
        await putHolder(work, kind, {
          accountId,
          holder: { ...holder, attachedPolicies: [...attachedPolicies, given.PolicyArn] },
        });
      });
      return {};
    },
  });
}

function detachPolicy(context: IamContext, { kind, noun, nameOf, input }: HolderWords): ServiceOperation {
  return defineOperation({
    name: `Detach${noun}Policy`,
    isReadOnly: false,
    input: { ...input, PolicyArn: required(arn) },
    targets: (given, call) =>
      holderTarget(context, call, {
        kind,
        name: nameOf(given),
        given: { policyArn: given.PolicyArn, currentBoundary: true },
      }),
    async run(given, call) {
      const account = accountOf(call);
      const { accountId } = account;
      await changeIdentities(context.identities, async (work) => {
        const holder = await requireHolder(work, kind, { accountId, name: nameOf(given) });
        if (!holder.attachedPolicies.includes(given.PolicyArn)) {
          // Says first what is wrong with the ARN itself.
          await findPolicy(work, account, given.PolicyArn);
          throw iamError('NoSuchEntity', `Policy ${given.PolicyArn} was not found.`);
        }
        const attachedPolicies = holder.attachedPolicies.filter((attached) => attached !== given.PolicyArn);
        await putHolder(work, kind, { accountId, holder: { ...holder, attachedPolicies } });
      });
      return {};
    },
  });
}

function listAttachedPolicies(
  context: IamContext,
  { kind, noun, nameOf, input }: HolderWords,
): ServiceOperation {
  return defineOperation({
    name: `ListAttached${noun}Policies`,
    isReadOnly: true,
    input: { ...input, PathPrefix: policyPath, ...paging },
    targets: (given, call) => holderTarget(context, call, { kind, name: nameOf(given) }),
    async run({ PathPrefix = '/', ...given }, call) {
      const { accountId } = call.principal;
      const holder = await requireHolder(readWork(context), kind, { accountId, name: nameOf(given) });
      const hasPath = (policyArn: string) => policyArn.split(':policy')[1]?.startsWith(PathPrefix) === true;
      return pageOf(holder.attachedPolicies.filter(hasPath), given, {
        member: 'AttachedPolicies',
        keyOf: (policyArn) => policyArn,
        toWire: wireAttachedPolicy,
      });
    },
  });
}
