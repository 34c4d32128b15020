import { assert } from '../../../base/assert.ts';
import type { OwnService, ServiceOperation } from '../service-operation.ts';
import { accessTargets } from './access-targets.ts';
import { accountOperations } from './account-operations.ts';
import { createAccountOperations } from './create-account-operations.ts';
import { delegationOperations } from './delegation-operations.ts';
import { handshakeOperations } from './handshake-operations.ts';
import type { OrganizationContext } from './organization-context.ts';
import { organizationOperations } from './organization-operations.ts';
import { policyAttachmentOperations } from './policy-attachment-operations.ts';
import { policyOperations } from './policy-operations.ts';
import { serviceAccessOperations } from './service-access-operations.ts';
import { tagOperations } from './tag-operations.ts';
import { treeOperations } from './tree-operations.ts';
import { unitOperations } from './unit-operations.ts';

/**
 * The part of AWS Organizations that OpenTrail answers itself: JSON 1.1, target prefix `AWSOrganizationsV20161128`.
 * Members may see their organization and leave it, delegated administrators may read everything, and the management
 * account may change it; that comes after what policies allow.
 */
export function createOrganizationsService(context: OrganizationContext): OwnService {
  const operations = new Map<string, ServiceOperation>();
  for (const operation of [
    ...organizationOperations(context),
    ...createAccountOperations(context),
    ...accountOperations(context),
    ...handshakeOperations(context),
    ...treeOperations(context),
    ...unitOperations(context),
    ...serviceAccessOperations(context),
    ...delegationOperations(context),
    ...policyOperations(context),
    ...policyAttachmentOperations(context),
    ...tagOperations(context),
  ]) {
    assert(!operations.has(operation.name), `the operation ${operation.name} is registered twice`);
    const targets = (call: Parameters<ServiceOperation['run']>[0]) => accessTargets(context, call);
    operations.set(operation.name, { ...operation, targets });
  }
  return { service: 'organizations', protocol: 'json', operations };
}
