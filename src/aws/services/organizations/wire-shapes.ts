import type { Tag } from '../../../identity/entities.ts';
import { accountEntity } from '../../../identity/organization/join-organization.ts';
import type {
  OrganizationalUnitEntity,
  OrganizationEntity,
  OrganizationMemberEntity,
  ServiceControlPolicyEntity,
} from '../../../identity/organization/organization-entities.ts';
import { organizationArn } from '../../../identity/organization/organization-ids.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { fullAwsAccess } from '../../../identity/organization/service-control.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { OrganizationContext } from './organization-context.ts';

export function toSeconds(timeMs: number): number {
  return timeMs / 1000;
}

export async function toWireOrganization(
  context: OrganizationContext,
  entity: OrganizationEntity,
): Promise<JsonObject> {
  const { managementAccountId } = entity;
  const account = await accountEntity(context.store, managementAccountId);
  return {
    Id: entity.organizationId,
    Arn: organizationArn(entity, 'organization'),
    FeatureSet: entity.featureSet,
    MasterAccountArn: organizationArn(entity, 'account', managementAccountId),
    MasterAccountId: managementAccountId,
    MasterAccountEmail: account?.entity.email ?? '',
    // AWS answers the available types here, enabled or not; the root tells which are enabled.
    AvailablePolicyTypes:
      entity.featureSet === 'ALL' ? [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }] : [],
  };
}

export async function toWireAccount(
  context: OrganizationContext,
  state: OrganizationState,
  member: OrganizationMemberEntity,
): Promise<JsonObject> {
  const { accountId, joinedMethod, joinedAtMs } = member;
  const account = (await accountEntity(context.store, accountId))?.entity;
  const status = account?.status ?? 'ACTIVE';
  return {
    Id: accountId,
    Arn: organizationArn(state.entity, 'account', accountId),
    Email: account?.email ?? '',
    Name: account?.name ?? '',
    Status: status,
    State: status,
    Paths: [pathOf(state, accountId, member.parentId)],
    JoinedMethod: joinedMethod,
    JoinedTimestamp: toSeconds(joinedAtMs),
  };
}

export function toWireRoot({ entity }: Pick<OrganizationState, 'entity'>): JsonObject {
  return {
    Id: entity.root.id,
    Arn: organizationArn(entity, 'root', entity.root.id),
    Name: 'Root',
    PolicyTypes: entity.isServiceControlEnabled
      ? [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }]
      : [],
  };
}

export function toWireUnit(
  state: OrganizationState,
  { id, name, parentId }: OrganizationalUnitEntity,
): JsonObject {
  return {
    Id: id,
    Arn: organizationArn(state.entity, 'ou', id),
    Name: name,
    Path: pathOf(state, id, parentId),
  };
}

/** `o-exampleorg1/r-examp/ou-examp-example1/`. */
function pathOf(state: OrganizationState, id: string, parentId: string): string {
  const above = (state.ancestorsOf(parentId) ?? []).reverse();
  return `${[state.entity.organizationId, ...above, parentId, id].join('/')}/`;
}

export function toWirePolicySummary(
  { entity }: OrganizationState,
  policy: Pick<ServiceControlPolicyEntity, 'id' | 'name' | 'description'>,
): JsonObject {
  const isAwsManaged = policy.id === fullAwsAccess.id;
  return {
    Id: policy.id,
    Arn: isAwsManaged
      ? fullAwsAccess.arn
      : organizationArn(entity, 'policy/service_control_policy', policy.id),
    Name: policy.name,
    Description: policy.description,
    Type: 'SERVICE_CONTROL_POLICY',
    AwsManaged: isAwsManaged,
  };
}

export function toWireTags(tags: readonly Tag[]): JsonObject[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}
