import type { AccountEntity } from '../../../identity/entities.ts';
import type { OrganizationChange } from '../../../identity/organization/change-organization.ts';
import { accountEntity } from '../../../identity/organization/join-organization.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import type { ServiceOperation } from '../service-operation.ts';
import {
  changeAsManagement,
  changeAt,
  type OrganizationContext,
  ownOrganization,
  readableOrganization,
} from './organization-context.ts';
import { accountNotFound, constraintViolation, organizationError } from './organization-errors.ts';
import { idRules, pageOf, requiredText } from './read-input.ts';
import { toWireAccount } from './wire-shapes.ts';

/** Accounts of an organization, but how they come into it. */
export function accountOperations(context: OrganizationContext): ServiceOperation[] {
  return [
    describeAccount(context),
    listAccounts(context),
    listAccountsForParent(context),
    moveAccount(context),
    removeAccountFromOrganization(context),
    leaveOrganization(context),
    closeAccount(context),
  ];
}

function describeAccount(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DescribeAccount',
    isReadOnly: true,
    async run(call) {
      const accountId = requiredText(call.input, 'AccountId', idRules.account);
      const state = await readableOrganization(context, call);
      const member = state.members.get(accountId);
      if (member === undefined) throw accountNotFound();
      return { Account: await toWireAccount(context, state, member) };
    },
  };
}

function listAccounts(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListAccounts',
    isReadOnly: true,
    async run(call) {
      const state = await readableOrganization(context, call);
      const { items, next } = pageOf(call.input, [...state.members.values()], ({ accountId }) => accountId);
      return {
        Accounts: await Promise.all(items.map((member) => toWireAccount(context, state, member))),
        ...next,
      };
    },
  };
}

function listAccountsForParent(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListAccountsForParent',
    isReadOnly: true,
    async run(call) {
      const parentId = requiredText(call.input, 'ParentId', idRules.parent);
      const state = await readableOrganization(context, call);
      if (!state.isParent(parentId)) throw parentNotFound();
      const { items, next } = pageOf(call.input, state.membersUnder(parentId), (member) => member.accountId);
      return {
        Accounts: await Promise.all(items.map((member) => toWireAccount(context, state, member))),
        ...next,
      };
    },
  };
}

function moveAccount(context: OrganizationContext): ServiceOperation {
  return {
    name: 'MoveAccount',
    isReadOnly: false,
    async run(call) {
      const accountId = requiredText(call.input, 'AccountId', idRules.account);
      const sourceId = requiredText(call.input, 'SourceParentId', idRules.parent);
      const destinationId = requiredText(call.input, 'DestinationParentId', idRules.parent);
      await changeAsManagement(context, call, (state) => {
        const member = state.members.get(accountId);
        if (member === undefined) throw accountNotFound();
        if (!state.isParent(sourceId)) {
          const message = "You specified a source root or OU that doesn't exist.";
          throw organizationError('SourceParentNotFoundException', message);
        }
        if (!state.isParent(destinationId)) {
          const message = "You specified a destination root or OU that doesn't exist.";
          throw organizationError('DestinationParentNotFoundException', message);
        }
        if (member.parentId === destinationId) {
          const message = 'That account is already present in the specified destination.';
          throw organizationError('DuplicateAccountException', message);
        }
        if (member.parentId !== sourceId) throw accountNotFound();
        const moved = { ...member, parentId: destinationId };
        return { result: undefined, changes: [state.put('organizationMember', accountId, moved)] };
      });
      return {};
    },
  };
}

function removeAccountFromOrganization(context: OrganizationContext): ServiceOperation {
  return {
    name: 'RemoveAccountFromOrganization',
    isReadOnly: false,
    async run(call) {
      const accountId = requiredText(call.input, 'AccountId', idRules.account);
      await changeAsManagement(context, call, (state) => departure(state, accountId));
      return {};
    },
  };
}

function leaveOrganization(context: OrganizationContext): ServiceOperation {
  return {
    name: 'LeaveOrganization',
    isReadOnly: false,
    async run(call) {
      const { entity } = await ownOrganization(context, call);
      const { accountId } = call.principal;
      await changeAt(context, entity.managementAccountId, (state) => departure(state, accountId));
      return {};
    },
  };
}

/** An account that leaves stands alone from then on; what it recorded stays its own. */
function departure(state: OrganizationState, accountId: string): OrganizationChange<void> {
  if (!state.members.has(accountId)) throw accountNotFound();
  if (state.isManagementAccount(accountId)) {
    const message = "You can't remove a management account from an organization.";
    throw organizationError('MasterCannotLeaveOrganizationException', message);
  }
  if (state.delegates.has(accountId)) {
    const message =
      'You cannot remove an account that is a delegated administrator from the organization: deregister it first.';
    throw constraintViolation('CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG', message);
  }
  return { result: undefined, changes: [state.remove('organizationMember', accountId)] };
}

/** AWS closes an account over 90 days; here its keys are refused at once, and it stays listed as suspended. */
function closeAccount(context: OrganizationContext): ServiceOperation {
  const { store } = context;
  return {
    name: 'CloseAccount',
    isReadOnly: false,
    async run(call) {
      const accountId = requiredText(call.input, 'AccountId', idRules.account);
      await changeAsManagement(context, call, async (state) => {
        if (!state.members.has(accountId)) throw accountNotFound();
        if (state.isManagementAccount(accountId)) {
          const message = 'You cannot close the management account.';
          throw constraintViolation('CANNOT_CLOSE_MANAGEMENT_ACCOUNT', message);
        }
        const account = await accountEntity(store, accountId);
        if (account === undefined) throw accountNotFound();
        if (account.entity.status !== 'ACTIVE') {
          const message = 'You attempted to close an account that is already closed.';
          throw organizationError('AccountAlreadyClosedException', message);
        }
        const closed: AccountEntity = { ...account.entity, status: 'SUSPENDED' };
        const change = {
          kind: 'account',
          accountId,
          name: accountId,
          body: JSON.stringify(closed),
          expectedRevision: account.revision,
        } as const;
        return { result: undefined, changes: [change] };
      });
      return {};
    },
  };
}

export function parentNotFound(): Error {
  return organizationError('ParentNotFoundException', "You specified a parent that doesn't exist.");
}
