import { iamError } from '../../../identity/iam/iam-error.ts';
import { policySize } from '../../../identity/iam/iam-quotas.ts';
import { changeIdentities } from '../../../identity/iam/identity-work.ts';
import {
  type HolderKind,
  holderName,
  policySizeQuotas,
  putHolder,
  requireHolder,
} from '../../../identity/iam/policy-holders.ts';
import { parsePolicy } from '../../../identity/policy/parse-policy.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { type HolderWords, holderWords } from './holder-words.ts';
import { type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { paging, policyDocument, policyName } from './iam-members.ts';
import { holderTarget } from './iam-targets.ts';
import { wireDocument } from './iam-wire.ts';
import { pageOf } from './paging.ts';

/** `PutUserPolicy`, `GetRolePolicy`, `ListGroupPolicies`, …: the policies that are part of a user, group or role. */
export function inlinePolicyOperations(context: IamContext): ServiceOperation[] {
  return holderWords.flatMap((words) => [
    putPolicy(context, words),
    getPolicy(context, words),
    deletePolicy(context, words),
    listPolicies(context, words),
  ]);
}

function putPolicy(context: IamContext, { kind, noun, nameOf, input }: HolderWords): ServiceOperation {
  return defineOperation({
    name: `Put${noun}Policy`,
    isReadOnly: false,
    input: { ...input, PolicyName: required(policyName), PolicyDocument: required(policyDocument) },
    targets: (given, call) =>
      holderTarget(context, call, { kind, name: nameOf(given), given: { currentBoundary: true } }),
    async run(given, call) {
      const { accountId } = call.principal;
      parsePolicy(given.PolicyDocument, 'identity');
      await changeIdentities(context.identities, async (work) => {
        const holder = await requireHolder(work, kind, { accountId, name: nameOf(given) });
        const inlinePolicies = { ...holder.inlinePolicies, [given.PolicyName]: given.PolicyDocument };
        checkSize(kind, holderName(holder), inlinePolicies);
        await putHolder(work, kind, { accountId, holder: { ...holder, inlinePolicies } });
      });
      return {};
    },
  });
}

/** All inline policies of one entity together have a quota. */
function checkSize(kind: HolderKind, name: string, policies: Readonly<Record<string, string>>): void {
  const size = Object.values(policies).reduce((sum, document) => sum + policySize(document), 0);
  if (size > policySizeQuotas[kind]) {
    const message = `Maximum policy size of ${policySizeQuotas[kind]} bytes exceeded for ${kind} ${name}`;
    throw iamError('LimitExceeded', message);
  }
}

/** A policy may be called `constructor` or `__proto__`, so its name is not looked up as a member. */
function findDocument(policies: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(policies, name) ? policies[name] : undefined;
}

function noSuchPolicy(kind: HolderKind, name: string) {
  return iamError('NoSuchEntity', `The ${kind} policy with name ${name} cannot be found.`);
}

function getPolicy(
  context: IamContext,
  { kind, noun, nameMember, nameOf, input }: HolderWords,
): ServiceOperation {
  return defineOperation({
    name: `Get${noun}Policy`,
    isReadOnly: true,
    input: { ...input, PolicyName: required(policyName) },
    targets: (given, call) => holderTarget(context, call, { kind, name: nameOf(given) }),
    async run(given, call) {
      const { accountId } = call.principal;
      const holder = await requireHolder(readWork(context), kind, { accountId, name: nameOf(given) });
      const document = findDocument(holder.inlinePolicies, given.PolicyName);
      if (document === undefined) throw noSuchPolicy(kind, given.PolicyName);
      return {
        [nameMember]: holderName(holder),
        PolicyName: given.PolicyName,
        PolicyDocument: wireDocument(document),
      };
    },
  });
}

function deletePolicy(context: IamContext, { kind, noun, nameOf, input }: HolderWords): ServiceOperation {
  return defineOperation({
    name: `Delete${noun}Policy`,
    isReadOnly: false,
    input: { ...input, PolicyName: required(policyName) },
    targets: (given, call) =>
      holderTarget(context, call, { kind, name: nameOf(given), given: { currentBoundary: true } }),
    async run(given, call) {
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const holder = await requireHolder(work, kind, { accountId, name: nameOf(given) });
        if (findDocument(holder.inlinePolicies, given.PolicyName) === undefined) {
          throw noSuchPolicy(kind, given.PolicyName);
        }
        const kept = Object.entries(holder.inlinePolicies).filter(([name]) => name !== given.PolicyName);
        await putHolder(work, kind, {
          accountId,
          holder: { ...holder, inlinePolicies: Object.fromEntries(kept) },
        });
      });
      return {};
    },
  });
}

function listPolicies(context: IamContext, { kind, noun, nameOf, input }: HolderWords): ServiceOperation {
  return defineOperation({
    name: `List${noun}Policies`,
    isReadOnly: true,
    input: { ...input, ...paging },
    targets: (given, call) => holderTarget(context, call, { kind, name: nameOf(given) }),
    async run(given, call) {
      const { accountId } = call.principal;
      const holder = await requireHolder(readWork(context), kind, { accountId, name: nameOf(given) });
      return pageOf(Object.keys(holder.inlinePolicies), given, {
        member: 'PolicyNames',
        keyOf: (name) => name,
        toWire: (name) => name,
      });
    },
  });
}
