import type { Random } from '../../base/random.ts';
import type { IdentityChange, IdentityStore } from '../../store/identity-store.ts';
import type { RoleEntity } from '../entities.ts';
import { newUniqueId } from '../iam/iam-ids.ts';

/** The roles by which CloudTrail acts in an account of an organization, each with AWS's own policy for it. */
const cloudTrailRoles = [
  {
    roleName: 'AWSServiceRoleForCloudTrail',
    servicePrincipal: 'cloudtrail.amazonaws.com',
    policyName: 'CloudTrailServiceRolePolicy',
  },
  {
    roleName: 'AWSServiceRoleForCloudTrailEventContext',
    servicePrincipal: 'context.cloudtrail.amazonaws.com',
    policyName: 'CloudTrailEventContext',
  },
] as const;

/** The service that a role of those belongs to, by the name of the role. */
export function servicePrincipalOf(roleName: string): string | undefined {
  return cloudTrailRoles.find((role) => role.roleName === roleName)?.servicePrincipal;
}

/** The steps that make those of the service-linked roles of CloudTrail that an account does not have yet. */
export async function serviceLinkedRoleChanges(
  store: IdentityStore,
  facts: { readonly accountId: string; readonly nowMs: number; readonly random: Random },
): Promise<IdentityChange[]> {
  const { accountId, nowMs, random } = facts;
  const changes: IdentityChange[] = [];
  for (const { roleName, servicePrincipal, policyName } of cloudTrailRoles) {
    const reference = { kind: 'role', accountId, name: roleName } as const;
    if ((await store.get(reference)) !== undefined) continue;
    const statement = {
      Effect: 'Allow',
      Principal: { Service: servicePrincipal },
      Action: 'sts:AssumeRole',
    };
    const role: RoleEntity = {
      roleName,
      roleId: newUniqueId(random, 'AROA'),
      path: `/aws-service-role/${servicePrincipal}/`,
      description: '',
      createdAtMs: nowMs,
      maxSessionDurationSeconds: 3600,
      tags: [],
      inlinePolicies: {},
      attachedPolicies: [`arn:aws:iam::aws:policy/aws-service-role/${policyName}`],
      trustPolicy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    };
    changes.push({ ...reference, body: JSON.stringify(role), expectedRevision: 0 });
  }
  return changes;
}
