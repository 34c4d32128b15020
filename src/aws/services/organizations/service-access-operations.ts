import { delegatesOf } from '../../../identity/organization/delegation.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceOperation } from '../service-operation.ts';
import {
  changeAsManagement,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import { constraintViolation, invalidInput } from './organization-errors.ts';
import { idRules, pageOf, requiredText } from './read-input.ts';
import { toSeconds } from './wire-shapes.ts';

/** Trusted access of services to the organization; that of `cloudtrail.amazonaws.com` has an effect here. */
export function serviceAccessOperations(context: OrganizationContext): ServiceOperation[] {
  return [enableServiceAccess(context), disableServiceAccess(context), listServiceAccess(context)];
}

function enableServiceAccess(context: OrganizationContext): ServiceOperation {
  return {
    name: 'EnableAWSServiceAccess',
    isReadOnly: false,
    async run(call) {
      const servicePrincipal = readServicePrincipal(call.input);
      await changeAsManagement(context, call, (state) => {
        requireAllFeatures(state);
        const { entity } = state;
        if (Object.hasOwn(entity.serviceAccess, servicePrincipal)) return { result: undefined, changes: [] };
        const serviceAccess = { ...entity.serviceAccess, [servicePrincipal]: context.clock.now() };
        return { result: undefined, changes: [], entity: { ...entity, serviceAccess } };
      });
      return {};
    },
  };
}

function disableServiceAccess(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DisableAWSServiceAccess',
    isReadOnly: false,
    async run(call) {
      const servicePrincipal = readServicePrincipal(call.input);
      await changeAsManagement(context, call, (state) => {
        requireAllFeatures(state);
        if (delegatesOf(state, servicePrincipal).length > 0) {
          const message = `Deregister the delegated administrators of ${servicePrincipal} first.`;
          throw constraintViolation('DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE', message);
        }
        const serviceAccess = Object.fromEntries(
          Object.entries(state.entity.serviceAccess).filter(([name]) => name !== servicePrincipal),
        );
        return { result: undefined, changes: [], entity: { ...state.entity, serviceAccess } };
      });
      return {};
    },
  };
}

function listServiceAccess(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListAWSServiceAccessForOrganization',
    isReadOnly: true,
    async run(call) {
      const state = await readableOrganization(context, call);
      const { items, next } = pageOf(
        call.input,
        Object.entries(state.entity.serviceAccess),
        ([name]) => name,
      );
      return {
        EnabledServicePrincipals: items.map(([name, enabledAtMs]) => ({
          ServicePrincipal: name,
          DateEnabled: toSeconds(enabledAtMs),
        })),
        ...next,
      };
    },
  };
}

/** `cloudtrail.amazonaws.com`, `context.cloudtrail.amazonaws.com`. */
export function readServicePrincipal(input: JsonObject): string {
  const name = requiredText(input, 'ServicePrincipal', idRules.servicePrincipal);
  if (/^[a-z0-9][a-z0-9.-]*\.amazonaws\.com(\.cn)?$/.test(name)) return name;
  throw invalidInput('UNRECOGNIZED_SERVICE_PRINCIPAL', 'You specified an unrecognized service principal.');
}

function requireAllFeatures({ entity }: OrganizationState): void {
  if (entity.featureSet === 'ALL') return;
  const message = 'This operation needs an organization with all features.';
  throw constraintViolation('ORGANIZATION_NOT_IN_ALL_FEATURES_MODE', message);
}
