import { assert } from '../../../base/assert.ts';
import type { OwnService } from '../service-operation.ts';
import { absentCredentialOperations } from './absent-credentials.ts';
import { accessKeyOperations } from './access-keys.ts';
import { accountOperations } from './account.ts';
import { attachedPolicyOperations } from './attached-policies.ts';
import { authorizationDetailsOperations } from './authorization-details.ts';
import { entitiesForPolicyOperations } from './entities-for-policy.ts';
import { groupMembershipOperations } from './group-membership.ts';
import { groupOperations } from './groups.ts';
import type { IamContext } from './iam-context.ts';
import { inlinePolicyOperations } from './inline-policies.ts';
import { loginProfileOperations } from './login-profiles.ts';
import { managedPolicyOperations } from './managed-policies.ts';
import { permissionsBoundaryOperations } from './permissions-boundary.ts';
import { policyVersionOperations } from './policy-versions.ts';
import { roleOperations } from './roles.ts';
import { simulationOperations } from './simulation.ts';
import { tagOperations } from './tags.ts';
import { userOperations } from './users.ts';

/** The part of IAM that managing who may use OpenTrail needs. */
export function createIamService(context: IamContext): OwnService {
  const operations = [
    ...userOperations(context),
    ...accessKeyOperations(context),
    ...loginProfileOperations(context),
    ...groupOperations(context),
    ...groupMembershipOperations(context),
    ...roleOperations(context),
    ...inlinePolicyOperations(context),
    ...attachedPolicyOperations(context),
    ...permissionsBoundaryOperations(context),
    ...managedPolicyOperations(context),
    ...policyVersionOperations(context),
    ...entitiesForPolicyOperations(context),
    ...tagOperations(context),
    ...accountOperations(context),
    ...authorizationDetailsOperations(context),
    ...simulationOperations(context),
    ...absentCredentialOperations(context),
  ];
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  assert(byName.size === operations.length, 'each operation of IAM has one definition');
  return { service: 'iam', protocol: 'query', operations: byName };
}
