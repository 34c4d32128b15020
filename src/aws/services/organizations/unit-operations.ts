import type { OrganizationalUnitEntity } from '../../../identity/organization/organization-entities.ts';
import { newUnitId } from '../../../identity/organization/organization-ids.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { initialPolicies } from '../../../identity/organization/service-control.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { parentNotFound } from './account-operations.ts';
import {
  changeAsManagement,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import { constraintViolation, organizationError } from './organization-errors.ts';
import { idRules, optionalText, pageOf, readTags, requiredText } from './read-input.ts';
import { toWireUnit } from './wire-shapes.ts';

/** Units above one another under the root; quota of AWS. */
const depthMax = 5;
/** Units of an organization; quota of AWS. */
const unitsMax = 2_000;
const nameRule = { min: 1, max: 128 };

export function unitOperations(context: OrganizationContext): ServiceOperation[] {
  return [
    createUnit(context),
    describeUnit(context),
    updateUnit(context),
    deleteUnit(context),
    listUnitsForParent(context),
  ];
}

function createUnit(context: OrganizationContext): ServiceOperation {
  return {
    name: 'CreateOrganizationalUnit',
    isReadOnly: false,
    async run(call) {
      const parentId = requiredText(call.input, 'ParentId', idRules.parent);
      const name = requiredText(call.input, 'Name', nameRule);
      const tags = readTags(call.input);
      const made = await changeAsManagement(context, call, (state) => {
        if (!state.isParent(parentId)) throw parentNotFound();
        refuseTakenName(state, parentId, name);
        if (state.units.size >= unitsMax) {
          const message = `You have reached the limit of ${unitsMax} organizational units in the organization.`;
          throw constraintViolation('OU_NUMBER_LIMIT_EXCEEDED', message);
        }
        if ((state.ancestorsOf(parentId)?.length ?? 0) >= depthMax) {
          const message = `Organizational units can be nested at most ${depthMax} deep.`;
          throw constraintViolation('OU_DEPTH_LIMIT_EXCEEDED', message);
        }
        const id = newUnitId(context.random, state.entity.root.id);
        const unit = { id, name, parentId, tags, attachedPolicies: initialPolicies(state) };
        return { result: toWireUnit(state, unit), changes: [state.put('organizationalUnit', id, unit)] };
      });
      return { OrganizationalUnit: made };
    },
  };
}

function describeUnit(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DescribeOrganizationalUnit',
    isReadOnly: true,
    async run(call) {
      const id = requiredText(call.input, 'OrganizationalUnitId', idRules.unit);
      const state = await readableOrganization(context, call);
      return { OrganizationalUnit: toWireUnit(state, unitOf(state, id)) };
    },
  };
}

function updateUnit(context: OrganizationContext): ServiceOperation {
  return {
    name: 'UpdateOrganizationalUnit',
    isReadOnly: false,
    async run(call) {
      const id = requiredText(call.input, 'OrganizationalUnitId', idRules.unit);
      const name = optionalText(call.input, 'Name', nameRule);
      const renamed = await changeAsManagement(context, call, (state) => {
        const before = unitOf(state, id);
        const unit = { ...before, name: name ?? before.name };
        if (unit.name !== before.name) refuseTakenName(state, unit.parentId, unit.name);
        return { result: toWireUnit(state, unit), changes: [state.put('organizationalUnit', id, unit)] };
      });
      return { OrganizationalUnit: renamed };
    },
  };
}

function deleteUnit(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DeleteOrganizationalUnit',
    isReadOnly: false,
    async run(call) {
      const id = requiredText(call.input, 'OrganizationalUnitId', idRules.unit);
      await changeAsManagement(context, call, (state) => {
        unitOf(state, id);
        if (state.unitsUnder(id).length > 0 || state.membersUnder(id).length > 0) {
          const message = 'The specified OU is not empty: move all accounts and remove the child OUs first.';
          throw organizationError('OrganizationalUnitNotEmptyException', message);
        }
        return { result: undefined, changes: [state.remove('organizationalUnit', id)] };
      });
      return {};
    },
  };
}

function listUnitsForParent(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListOrganizationalUnitsForParent',
    isReadOnly: true,
    async run(call) {
      const parentId = requiredText(call.input, 'ParentId', idRules.parent);
      const state = await readableOrganization(context, call);
      if (!state.isParent(parentId)) throw parentNotFound();
      const { items, next } = pageOf(call.input, state.unitsUnder(parentId), ({ id }) => id);
      return { OrganizationalUnits: items.map((unit) => toWireUnit(state, unit)), ...next };
    },
  };
}

function unitOf(state: OrganizationState, id: string): OrganizationalUnitEntity {
  const unit = state.units.get(id);
  if (unit !== undefined) return unit;
  const message = "You specified an organizational unit that doesn't exist.";
  throw organizationError('OrganizationalUnitNotFoundException', message);
}

function refuseTakenName(state: OrganizationState, parentId: string, name: string): void {
  if (!state.unitsUnder(parentId).some((unit) => unit.name === name)) return;
  const message = 'An OU with the same name already exists.';
  throw organizationError('DuplicateOrganizationalUnitException', message);
}
