import { accountEntity } from '../../../identity/organization/join-organization.ts';
import { organizationArn } from '../../../identity/organization/organization-ids.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { fullAwsAccess } from '../../../identity/organization/service-control.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceOperation } from '../service-operation.ts';
import {
  changeAsManagement,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import { constraintViolation, organizationError } from './organization-errors.ts';
import { policyOf, requireAvailable } from './policy-operations.ts';
import { idRules, pageOf, policyTypes, requiredChoice, requiredText } from './read-input.ts';
import { targetNotFound, targetsOfPolicy, withChangedTargets } from './target-entity.ts';
import { toWirePolicySummary, toWireRoot } from './wire-shapes.ts';

/** Service-control policies of one root, unit or account; quota of AWS. */
const attachmentsMax = 5;

/** Where policies are in force. */
export function policyAttachmentOperations(context: OrganizationContext): ServiceOperation[] {
  return [
    enablePolicyType(context),
    disablePolicyType(context),
    attachPolicy(context),
    detachPolicy(context),
    listPoliciesForTarget(context),
    listTargetsForPolicy(context),
  ];
}

function enablePolicyType(context: OrganizationContext): ServiceOperation {
  return policyTypeOperation(context, {
    name: 'EnablePolicyType',
    isEnabled: true,
    refusal: ['PolicyTypeAlreadyEnabledException', 'The specified policy type is already enabled.'],
  });
}

function disablePolicyType(context: OrganizationContext): ServiceOperation {
  return policyTypeOperation(context, {
    name: 'DisablePolicyType',
    isEnabled: false,
    refusal: ['PolicyTypeNotEnabledException', 'The specified policy type is not enabled.'],
  });
}

/** As in AWS, disabling detaches all policies, and enabling attaches the one that allows everything. */
function policyTypeOperation(
  context: OrganizationContext,
  facts: {
    readonly name: string;
    readonly isEnabled: boolean;
    readonly refusal: readonly [code: string, message: string];
  },
): ServiceOperation {
  const { name, isEnabled } = facts;
  return {
    name,
    isReadOnly: false,
    async run(call) {
      const rootId = requiredText(call.input, 'RootId', idRules.root);
      const type = requiredChoice(call.input, 'PolicyType', policyTypes);
      const state = await changeAsManagement(context, call, (before) => {
        if (rootId !== before.entity.root.id) {
          throw organizationError('RootNotFoundException', "You specified a root that doesn't exist.");
        }
        if (isEnabled) requireAvailable(before, type);
        const isServiceControl = type === 'SERVICE_CONTROL_POLICY';
        if (!isServiceControl || before.entity.isServiceControlEnabled === isEnabled) {
          throw organizationError(...facts.refusal);
        }
        const attachedPolicies = isEnabled ? [fullAwsAccess.id] : [];
        const targets = [rootId, ...before.units.keys(), ...before.members.keys()];
        const { changes, entity = before.entity } = withChangedTargets(
          before,
          new Map(targets.map((id) => [id, { attachedPolicies }])),
        );
        const changed = { ...entity, isServiceControlEnabled: isEnabled };
        return { result: changed, changes, entity: changed };
      });
      return { Root: toWireRoot({ entity: state }) };
    },
  };
}

function attachPolicy(context: OrganizationContext): ServiceOperation {
  return {
    name: 'AttachPolicy',
    isReadOnly: false,
    async run(call) {
      const policyId = requiredText(call.input, 'PolicyId', idRules.policy);
      const targetId = requiredText(call.input, 'TargetId', idRules.target);
      await changeAsManagement(context, call, (state) => {
        const attached = attachedTo(state, policyId, targetId);
        if (attached.includes(policyId)) {
          const message = 'The selected policy is already attached to the specified target.';
          throw organizationError('DuplicatePolicyAttachmentException', message);
        }
        if (attached.length >= attachmentsMax) {
          const message = `At most ${attachmentsMax} policies of this type can be attached to one target.`;
          throw constraintViolation('MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED', message);
        }
        const attachedPolicies = [...attached, policyId];
        return {
          result: undefined,
          ...withChangedTargets(state, new Map([[targetId, { attachedPolicies }]])),
        };
      });
      return {};
    },
  };
}

function detachPolicy(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DetachPolicy',
    isReadOnly: false,
    async run(call) {
      const policyId = requiredText(call.input, 'PolicyId', idRules.policy);
      const targetId = requiredText(call.input, 'TargetId', idRules.target);
      await changeAsManagement(context, call, (state) => {
        const attached = attachedTo(state, policyId, targetId);
        if (!attached.includes(policyId)) {
          const message = "The policy isn't attached to the specified target in the specified root.";
          throw organizationError('PolicyNotAttachedException', message);
        }
        if (attached.length === 1) {
          const message = 'You cannot remove the last policy attached to the specified target.';
          throw constraintViolation('MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED', message);
        }
        const attachedPolicies = attached.filter((id) => id !== policyId);
        return {
          result: undefined,
          ...withChangedTargets(state, new Map([[targetId, { attachedPolicies }]])),
        };
      });
      return {};
    },
  };
}

/** What is attached to a target now, where both policy and target are there and policies are enabled. */
function attachedTo(state: OrganizationState, policyId: string, targetId: string): readonly string[] {
  policyOf(state, policyId);
  const attached = state.attachedPolicies(targetId);
  if (attached === undefined) throw targetNotFound();
  if (state.entity.isServiceControlEnabled) return attached;
  const message = "The specified policy type isn't currently enabled in this root.";
  throw organizationError('PolicyTypeNotEnabledException', message);
}

function listPoliciesForTarget(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListPoliciesForTarget',
    isReadOnly: true,
    async run(call) {
      const targetId = requiredText(call.input, 'TargetId', idRules.target);
      const type = requiredChoice(call.input, 'Filter', policyTypes);
      const state = await readableOrganization(context, call);
      const attached = state.attachedPolicies(targetId);
      if (attached === undefined) throw targetNotFound();
      const ids = type === 'SERVICE_CONTROL_POLICY' ? attached : [];
      const { items, next } = pageOf(call.input, ids, (id) => id);
      return { Policies: items.map((id) => toWirePolicySummary(state, policyOf(state, id))), ...next };
    },
  };
}

function listTargetsForPolicy(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListTargetsForPolicy',
    isReadOnly: true,
    async run(call) {
      const policyId = requiredText(call.input, 'PolicyId', idRules.policy);
      const state = await readableOrganization(context, call);
      policyOf(state, policyId);
      const { items, next } = pageOf(call.input, targetsOfPolicy(state, policyId), (id) => id);
      const targets = await Promise.all(items.map((id) => toWireTarget(context, state, id)));
      return { Targets: targets, ...next };
    },
  };
}

async function toWireTarget(
  { store }: OrganizationContext,
  { entity, units }: OrganizationState,
  id: string,
): Promise<JsonObject> {
  if (id === entity.root.id) {
    return { TargetId: id, Arn: organizationArn(entity, 'root', id), Name: 'Root', Type: 'ROOT' };
  }
  const unit = units.get(id);
  if (unit !== undefined) {
    const Arn = organizationArn(entity, 'ou', id);
    return { TargetId: id, Arn, Name: unit.name, Type: 'ORGANIZATIONAL_UNIT' };
  }
  const account = await accountEntity(store, id);
  const Arn = organizationArn(entity, 'account', id);
  return { TargetId: id, Arn, Name: account?.entity.name ?? '', Type: 'ACCOUNT' };
}
