import type { ServiceOperation } from '../service-operation.ts';
import { parentNotFound } from './account-operations.ts';
import { type OrganizationContext, readableOrganization } from './organization-context.ts';
import { organizationError } from './organization-errors.ts';
import { idRules, pageOf, requiredChoice, requiredText } from './read-input.ts';
import { toWireRoot } from './wire-shapes.ts';

/** Ways through the tree of root, units and accounts. */
export function treeOperations(context: OrganizationContext): ServiceOperation[] {
  return [listRoots(context), listParents(context), listChildren(context)];
}

function listRoots(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListRoots',
    isReadOnly: true,
    async run(call) {
      const state = await readableOrganization(context, call);
      const { items, next } = pageOf(call.input, [state], ({ entity }) => entity.root.id);
      return { Roots: items.map(toWireRoot), ...next };
    },
  };
}

function listParents(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListParents',
    isReadOnly: true,
    async run(call) {
      const childId = requiredText(call.input, 'ChildId', idRules.child);
      const state = await readableOrganization(context, call);
      const parentId = state.ancestorsOf(childId)?.[0];
      if (parentId === undefined) {
        const message = "You specified an account or organizational unit that doesn't exist.";
        throw organizationError('ChildNotFoundException', message);
      }
      const type = parentId === state.entity.root.id ? 'ROOT' : 'ORGANIZATIONAL_UNIT';
      const { items, next } = pageOf(call.input, [parentId], (id) => id);
      return { Parents: items.map((id) => ({ Id: id, Type: type })), ...next };
    },
  };
}

function listChildren(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListChildren',
    isReadOnly: true,
    async run(call) {
      const parentId = requiredText(call.input, 'ParentId', idRules.parent);
      const type = requiredChoice(call.input, 'ChildType', ['ACCOUNT', 'ORGANIZATIONAL_UNIT']);
      const state = await readableOrganization(context, call);
      if (!state.isParent(parentId)) throw parentNotFound();
      const children =
        type === 'ACCOUNT'
          ? state.membersUnder(parentId).map(({ accountId }) => accountId)
          : state.unitsUnder(parentId).map(({ id }) => id);
      const { items, next } = pageOf(call.input, children, (id) => id);
      return { Children: items.map((id) => ({ Id: id, Type: type })), ...next };
    },
  };
}
