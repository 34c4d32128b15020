import { organizationArn } from './organization-ids.ts';
import type { OrganizationState } from './organization-state.ts';

/** AWS's own policy, which allows everything and is attached to everything at first. */
export const fullAwsAccess = {
  id: 'p-FullAWSAccess',
  arn: 'arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess',
  name: 'FullAWSAccess',
  description: 'Allows access to every operation',
  content: JSON.stringify(
    { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
    null,
    2,
  ),
} as const;

/** The policies of one step on the way from the root to an account. */
export interface ServiceControlLevel {
  /** The root, a unit, or the account itself. */
  readonly targetId: string;
  readonly policies: readonly { readonly id: string; readonly arn: string; readonly document: string }[];
}

/**
 * What bounds the principals of a member, from the root through the units to the account. An action is within it only
 * where each level has a policy that allows it and none that denies it. Empty where nothing bounds them: of the
 * management account, and while the type of policy is not enabled.
 */
export function serviceControlLevels(state: OrganizationState, accountId: string): ServiceControlLevel[] {
  const { entity, policies } = state;
  if (!entity.isServiceControlEnabled || state.isManagementAccount(accountId)) return [];
  const ancestors = state.ancestorsOf(accountId);
  if (ancestors === undefined) return [];
  return [...ancestors.reverse(), accountId].map((targetId) => {
    const attached = state.attachedPolicies(targetId) ?? [];
    return {
      targetId,
      policies: attached.map((id) => {
        if (id === fullAwsAccess.id) {
          return { id, arn: fullAwsAccess.arn, document: fullAwsAccess.content };
        }
        const arn = organizationArn(entity, 'policy/service_control_policy', id);
        return { id, arn, document: policies.get(id)?.content ?? '' };
      }),
    };
  });
}

/** What is attached to a new unit or member. */
export function initialPolicies({ entity }: OrganizationState): readonly string[] {
  return entity.isServiceControlEnabled ? [fullAwsAccess.id] : [];
}
