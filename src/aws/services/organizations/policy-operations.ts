import type { ServiceControlPolicyEntity } from '../../../identity/organization/organization-entities.ts';
import { newPolicyId } from '../../../identity/organization/organization-ids.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { fullAwsAccess } from '../../../identity/organization/service-control.ts';
import { parsePolicy } from '../../../identity/policy/parse-policy.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceOperation } from '../service-operation.ts';
import {
  changeAsManagement,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import { constraintViolation, invalidInput, organizationError } from './organization-errors.ts';
import {
  idRules,
  optionalText,
  pageOf,
  policyTypes,
  readTags,
  requiredChoice,
  requiredText,
} from './read-input.ts';
import { targetsOfPolicy } from './target-entity.ts';
import { toWirePolicySummary } from './wire-shapes.ts';

/** Characters of a service-control policy; quota of AWS. */
const contentLengthMax = 5_120;
/** Service-control policies of an organization; quota of AWS. */
const policiesMax = 10_000;
const nameRule = { min: 1, max: 128 };
const descriptionRule = { max: 512 };

export function policyOperations(context: OrganizationContext): ServiceOperation[] {
  return [
    createPolicy(context),
    describePolicy(context),
    updatePolicy(context),
    deletePolicy(context),
    listPolicies(context),
  ];
}

function createPolicy(context: OrganizationContext): ServiceOperation {
  return {
    name: 'CreatePolicy',
    isReadOnly: false,
    async run(call) {
      const { input } = call;
      const content = readContent(requiredText(input, 'Content', { min: 1 }));
      const description = requiredText(input, 'Description', descriptionRule);
      const name = requiredText(input, 'Name', nameRule);
      const type = requiredChoice(input, 'Type', policyTypes);
      const tags = readTags(input);
      const made = await changeAsManagement(context, call, (state) => {
        requireAvailable(state, type);
        refuseTakenName(state, name);
        if (state.policies.size >= policiesMax) {
          const message = `You have reached the limit of ${policiesMax} policies of this type.`;
          throw constraintViolation('POLICY_NUMBER_LIMIT_EXCEEDED', message);
        }
        const policy = { id: newPolicyId(context.random), name, description, content, tags };
        const change = state.put('serviceControlPolicy', policy.id, policy);
        return { result: toWirePolicy(state, policy), changes: [change] };
      });
      return { Policy: made };
    },
  };
}

function describePolicy(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DescribePolicy',
    isReadOnly: true,
    async run(call) {
      const id = requiredText(call.input, 'PolicyId', idRules.policy);
      const state = await readableOrganization(context, call);
      return { Policy: toWirePolicy(state, policyOf(state, id)) };
    },
  };
}

function updatePolicy(context: OrganizationContext): ServiceOperation {
  return {
    name: 'UpdatePolicy',
    isReadOnly: false,
    async run(call) {
      const { input } = call;
      const id = requiredText(input, 'PolicyId', idRules.policy);
      const name = optionalText(input, 'Name', nameRule);
      const description = optionalText(input, 'Description', descriptionRule);
      const given = optionalText(input, 'Content', { min: 1 });
      const content = given === undefined ? undefined : readContent(given);
      const updated = await changeAsManagement(context, call, (state) => {
        const before = ownPolicyOf(state, id);
        if (name !== undefined && name !== before.name) refuseTakenName(state, name);
        const policy = {
          ...before,
          name: name ?? before.name,
          description: description ?? before.description,
          content: content ?? before.content,
        };
        const change = state.put('serviceControlPolicy', id, policy);
        return { result: toWirePolicy(state, policy), changes: [change] };
      });
      return { Policy: updated };
    },
  };
}

function deletePolicy(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DeletePolicy',
    isReadOnly: false,
    async run(call) {
      const id = requiredText(call.input, 'PolicyId', idRules.policy);
      await changeAsManagement(context, call, (state) => {
        ownPolicyOf(state, id);
        if (targetsOfPolicy(state, id).length > 0) {
          const message = 'The policy is attached to one or more entities: detach it first.';
          throw organizationError('PolicyInUseException', message);
        }
        return { result: undefined, changes: [state.remove('serviceControlPolicy', id)] };
      });
      return {};
    },
  };
}

function listPolicies(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListPolicies',
    isReadOnly: true,
    async run(call) {
      const type = requiredChoice(call.input, 'Filter', policyTypes);
      const state = await readableOrganization(context, call);
      const hasType = type === 'SERVICE_CONTROL_POLICY' && state.entity.featureSet === 'ALL';
      const policies = hasType ? [fullAwsAccess, ...state.policies.values()] : [];
      const { items, next } = pageOf(call.input, policies, ({ id }) => id);
      return { Policies: items.map((policy) => toWirePolicySummary(state, policy)), ...next };
    },
  };
}

/** Checks that it is a service-control policy; it is kept as it was given. */
function readContent(content: string): string {
  if (content.length > contentLengthMax) {
    const message = `The policy has more than ${contentLengthMax} characters.`;
    throw constraintViolation('POLICY_CONTENT_LIMIT_EXCEEDED', message);
  }
  try {
    parsePolicy(content, 'serviceControl');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError('MalformedPolicyDocumentException', error.message, { cause: error });
  }
  return content;
}

export function requireAvailable({ entity }: OrganizationState, type: (typeof policyTypes)[number]): void {
  if (type === 'SERVICE_CONTROL_POLICY' && entity.featureSet === 'ALL') return;
  const message = `You can't use the policy type ${type} in this organization.`;
  throw organizationError('PolicyTypeNotAvailableForOrganizationException', message);
}

function refuseTakenName(state: OrganizationState, name: string): void {
  const names = [fullAwsAccess, ...state.policies.values()].map((policy) => policy.name);
  if (!names.includes(name)) return;
  throw organizationError('DuplicatePolicyException', 'A policy with the same name already exists.');
}

type AnyPolicy = Omit<ServiceControlPolicyEntity, 'tags'>;

/** A policy of the organization, or AWS's own. */
export function policyOf(state: OrganizationState, id: string): AnyPolicy {
  const policy = id === fullAwsAccess.id ? fullAwsAccess : state.policies.get(id);
  if (policy !== undefined) return policy;
  throw organizationError('PolicyNotFoundException', "You specified a policy that doesn't exist.");
}

function ownPolicyOf(state: OrganizationState, id: string): ServiceControlPolicyEntity {
  policyOf(state, id);
  const policy = state.policies.get(id);
  if (policy !== undefined) return policy;
  throw invalidInput(
    'IMMUTABLE_POLICY',
    'You specified a policy that is managed by AWS and cannot be modified.',
  );
}

function toWirePolicy(state: OrganizationState, policy: AnyPolicy): JsonObject {
  return { PolicySummary: toWirePolicySummary(state, policy), Content: policy.content };
}
