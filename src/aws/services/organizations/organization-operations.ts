import { claimAccount } from '../../../identity/organization/join-organization.ts';
import type {
  OrganizationEntity,
  OrganizationMemberEntity,
} from '../../../identity/organization/organization-entities.ts';
import { newOrganizationId, newRootId } from '../../../identity/organization/organization-ids.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { changeAsManagement, type OrganizationContext, ownOrganization } from './organization-context.ts';
import { concurrentModification, organizationError } from './organization-errors.ts';
import { optionalChoice } from './read-input.ts';
import { toWireOrganization } from './wire-shapes.ts';

/** The organization itself. */
export function organizationOperations(context: OrganizationContext): ServiceOperation[] {
  return [createOrganization(context), describeOrganization(context), deleteOrganization(context)];
}

/** The caller's account becomes the management account of a new organization. */
function createOrganization(context: OrganizationContext): ServiceOperation {
  const { store, clock, random } = context;
  return {
    name: 'CreateOrganization',
    isReadOnly: false,
    async run({ principal, input }) {
      const { accountId } = principal;
      const featureSet =
        optionalChoice(input, 'FeatureSet', ['ALL', 'CONSOLIDATED_BILLING']) ?? ('ALL' as const);
      const claim = await claimAccount(store, accountId, clock.now());
      if (claim === undefined) {
        const message = 'The AWS account is already a member of an organization.';
        throw organizationError('AlreadyInOrganizationException', message);
      }
      const entity: OrganizationEntity = {
        organizationId: newOrganizationId(random),
        managementAccountId: accountId,
        featureSet,
        createdAtMs: clock.now(),
        root: { id: newRootId(random), tags: [], attachedPolicies: [] },
        // AWS's text says that they are enabled from the start; its clients enable them after, and may.
        isServiceControlEnabled: false,
        serviceAccess: {},
      };
      const member: OrganizationMemberEntity = {
        accountId,
        parentId: entity.root.id,
        joinedMethod: 'INVITED',
        joinedAtMs: clock.now(),
        tags: [],
        attachedPolicies: [],
      };
      const isMade = await store.commit([
        claim,
        made('organization', accountId, { name: entity.organizationId, entity }),
        made('organizationMember', accountId, { name: accountId, entity: member }),
      ]);
      if (!isMade) throw concurrentModification();
      return { Organization: await toWireOrganization(context, entity) };
    },
  };
}

function made(
  kind: 'organization' | 'organizationMember',
  accountId: string,
  { name, entity }: { readonly name: string; readonly entity: OrganizationEntity | OrganizationMemberEntity },
) {
  return { kind, accountId, name, body: JSON.stringify(entity), expectedRevision: 0 };
}

/** The one that every member may see. */
function describeOrganization(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DescribeOrganization',
    isReadOnly: true,
    async run(call) {
      const { entity } = await ownOrganization(context, call);
      return { Organization: await toWireOrganization(context, entity) };
    },
  };
}

function deleteOrganization(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DeleteOrganization',
    isReadOnly: false,
    async run(call) {
      await changeAsManagement(context, call, (state) => {
        if (state.members.size > 1 || state.units.size > 0 || state.policies.size > 0) {
          const message =
            'To delete the organization you must first remove all member accounts, organizational units and policies.';
          throw organizationError('OrganizationNotEmptyException', message);
        }
        const changes = [...state.members.keys()].map((id) => state.remove('organizationMember', id));
        return { result: undefined, changes, isDeleted: true };
      });
      return {};
    },
  };
}
