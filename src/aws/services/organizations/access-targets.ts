import { organizationArn } from '../../../identity/organization/organization-ids.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { fullAwsAccess } from '../../../identity/organization/service-control.ts';
import type { Json } from '../../../model/cloudtrail-event.ts';
import { isObject } from '../../protocol/deserialise-input.ts';
import type { AccessTarget, ServiceCall } from '../service-operation.ts';
import type { OrganizationContext } from './organization-context.ts';

/** The members of inputs that name what a call is about. */
const idMembers = [
  'AccountId',
  'ChildId',
  'DestinationParentId',
  'HandshakeId',
  'OrganizationalUnitId',
  'ParentId',
  'PolicyId',
  'ResourceId',
  'RootId',
  'SourceParentId',
  'TargetId',
];

/**
 * What the authorizer is asked about: the ARN of everything that the input names, and the condition keys that it gives.
 * Callers outside of an organization are asked about `*`: they have nothing that could be named.
 */
export async function accessTargets(
  { directory }: OrganizationContext,
  { principal, input }: ServiceCall,
): Promise<readonly AccessTarget[]> {
  const state = await directory.organizationOf(principal.accountId);
  const named = idMembers.flatMap((member) => {
    const id = input[member];
    return typeof id === 'string' && state !== undefined ? [{ id, arn: arnOf(state, id) }] : [];
  });
  const context = conditionKeys(input);
  if (named.length === 0) return [{ resourceArn: '*', context }];
  return named.map(({ id, arn }) => {
    const tags = state === undefined ? [] : tagsOf(state, id);
    return {
      resourceArn: arn,
      context,
      resourceTags: new Map(tags.map(({ key, value }) => [key, value])),
    };
  });
}

function arnOf({ entity }: OrganizationState, id: string): string {
  if (id === fullAwsAccess.id) return fullAwsAccess.arn;
  if (id.startsWith('r-')) return organizationArn(entity, 'root', id);
  if (id.startsWith('ou-')) return organizationArn(entity, 'ou', id);
  if (id.startsWith('p-')) return organizationArn(entity, 'policy/service_control_policy', id);
  if (id.startsWith('h-')) return organizationArn(entity, 'handshake/invite', id);
  return organizationArn(entity, 'account', id);
}

function tagsOf({ entity, units, members, policies }: OrganizationState, id: string) {
  if (id === entity.root.id) return entity.root.tags;
  return (units.get(id) ?? members.get(id) ?? policies.get(id))?.tags ?? [];
}

function conditionKeys(input: ServiceCall['input']): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>();
  const { ServicePrincipal: servicePrincipal, Tags: tags, TagKeys: tagKeys } = input;
  if (typeof servicePrincipal === 'string') keys.set('organizations:serviceprincipal', [servicePrincipal]);
  const policyType = input.PolicyType ?? input.Type ?? input.Filter;
  if (typeof policyType === 'string') keys.set('organizations:policytype', [policyType]);
  const given = (Array.isArray(tags) ? (tags as readonly Json[]) : []).filter(isObject);
  for (const { Key: key, Value: value } of given) {
    if (typeof key === 'string') keys.set(`aws:requesttag/${key.toLowerCase()}`, [String(value)]);
  }
  const named = Array.isArray(tagKeys) ? (tagKeys as readonly Json[]) : given.map((tag) => tag.Key);
  const names = named.filter((name) => typeof name === 'string');
  if (names.length > 0) keys.set('aws:tagkeys', names);
  return keys;
}
