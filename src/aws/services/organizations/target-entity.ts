import type { Tag } from '../../../identity/entities.ts';
import type { OrganizationChange } from '../../../identity/organization/change-organization.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { organizationError } from './organization-errors.ts';

/** What is written of a root, unit, account or policy where tags or attachments change. */
interface Changed {
  readonly tags?: readonly Tag[];
  readonly attachedPolicies?: readonly string[];
}

/** The documents of an organization with some of its roots, units, accounts or policies changed. */
export function withChangedTargets(
  state: OrganizationState,
  targets: ReadonlyMap<string, Changed>,
): Omit<OrganizationChange<void>, 'result'> {
  const { entity, units, members, policies } = state;
  const changes = [...targets].flatMap(([id, changed]) => {
    const unit = units.get(id);
    if (unit !== undefined) return [state.put('organizationalUnit', id, { ...unit, ...changed })];
    const member = members.get(id);
    if (member !== undefined) return [state.put('organizationMember', id, { ...member, ...changed })];
    const policy = policies.get(id);
    if (policy === undefined) return [];
    return [state.put('serviceControlPolicy', id, { ...policy, tags: changed.tags ?? policy.tags })];
  });
  const root = targets.get(entity.root.id);
  return root === undefined
    ? { changes }
    : { changes, entity: { ...entity, root: { ...entity.root, ...root } } };
}

export function targetNotFound(): Error {
  return organizationError(
    'TargetNotFoundException',
    "You specified a root, OU, account, or policy that doesn't exist.",
  );
}

/** The ids of the root, units and accounts that a policy is attached to. */
export function targetsOfPolicy(state: OrganizationState, policyId: string): string[] {
  const { entity, units, members } = state;
  return [entity.root.id, ...units.keys(), ...members.keys()].filter(
    (id) => state.attachedPolicies(id)?.includes(policyId) === true,
  );
}
