import {
  deregisterDelegate,
  type RegistrationFailure,
  registerDelegate,
  registrationFailure,
} from '../../../identity/organization/delegation.ts';
import { accountEntity } from '../../../identity/organization/join-organization.ts';
import type { ApiError } from '../../../model/api-error.ts';
import type { ServiceOperation } from '../service-operation.ts';
import {
  changeAsManagement,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import { accountNotFound, constraintViolation, organizationError } from './organization-errors.ts';
import { idRules, pageOf, requiredText } from './read-input.ts';
import { readServicePrincipal } from './service-access-operations.ts';
import { toSeconds, toWireAccount } from './wire-shapes.ts';

/** Members that administer a service for the whole organization. */
export function delegationOperations(context: OrganizationContext): ServiceOperation[] {
  return [register(context), deregister(context), listAdministrators(context), listServices(context)];
}

function register(context: OrganizationContext): ServiceOperation {
  return {
    name: 'RegisterDelegatedAdministrator',
    isReadOnly: false,
    async run(call) {
      const accountId = requiredText(call.input, 'AccountId', idRules.account);
      const servicePrincipal = readServicePrincipal(call.input);
      await changeAsManagement(context, call, async (state) => {
        const account = await accountEntity(context.store, accountId);
        const facts = { accountId, servicePrincipal };
        const failure = registrationFailure(state, { ...facts, status: account?.entity.status });
        if (failure !== undefined) throw registrationError(failure);
        return registerDelegate(state, { ...facts, nowMs: context.clock.now() });
      });
      return {};
    },
  };
}

function registrationError(failure: RegistrationFailure): ApiError {
  switch (failure) {
    case 'notMember':
      return accountNotFound();
    case 'alreadyRegistered': {
      const message = 'The provided account is already a delegated administrator for your organization.';
      return organizationError('AccountAlreadyRegisteredException', message);
    }
    case 'notAllFeatures': {
      const message = 'This operation needs an organization with all features.';
      return constraintViolation('ORGANIZATION_NOT_IN_ALL_FEATURES_MODE', message);
    }
    case 'noServiceAccess': {
      const message =
        'You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first.';
      return constraintViolation('SERVICE_ACCESS_NOT_ENABLED', message);
    }
    case 'managementAccount': {
      const message = 'You cannot register the management account as a delegated administrator.';
      return constraintViolation('CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR', message);
    }
    case 'suspended': {
      const message = 'You cannot register a suspended account as a delegated administrator.';
      return constraintViolation('CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR', message);
    }
    case 'tooMany': {
      const message = 'You have reached the limit of delegated administrators for the service.';
      return constraintViolation('MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED', message);
    }
  }
}

function deregister(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DeregisterDelegatedAdministrator',
    isReadOnly: false,
    async run(call) {
      const accountId = requiredText(call.input, 'AccountId', idRules.account);
      const servicePrincipal = readServicePrincipal(call.input);
      await changeAsManagement(context, call, (state) => {
        if (!state.members.has(accountId)) throw accountNotFound();
        const change = deregisterDelegate(state, { accountId, servicePrincipal });
        if (change === undefined) throw notRegistered();
        return change;
      });
      return {};
    },
  };
}

function listAdministrators(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListDelegatedAdministrators',
    isReadOnly: true,
    async run(call) {
      const { input } = call;
      const isAboutOne = input.ServicePrincipal !== undefined && input.ServicePrincipal !== null;
      const servicePrincipal = isAboutOne ? readServicePrincipal(input) : undefined;
      const state = await readableOrganization(context, call);
      const delegates = [...state.delegates.values()].filter(
        ({ services }) => servicePrincipal === undefined || Object.hasOwn(services, servicePrincipal),
      );
      const { items, next } = pageOf(input, delegates, ({ accountId }) => accountId);
      const described = items.map(async ({ accountId, services }) => {
        const member = state.members.get(accountId);
        const enabledAtMs = Math.min(...Object.values(services));
        return {
          ...(member === undefined ? { Id: accountId } : await toWireAccount(context, state, member)),
          DelegationEnabledDate: toSeconds(enabledAtMs),
        };
      });
      return { DelegatedAdministrators: await Promise.all(described), ...next };
    },
  };
}

function listServices(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListDelegatedServicesForAccount',
    isReadOnly: true,
    async run(call) {
      const accountId = requiredText(call.input, 'AccountId', idRules.account);
      const state = await readableOrganization(context, call);
      if (!state.members.has(accountId)) throw accountNotFound();
      const services = state.delegates.get(accountId)?.services;
      if (services === undefined) throw notRegistered();
      const { items, next } = pageOf(call.input, Object.entries(services), ([name]) => name);
      return {
        DelegatedServices: items.map(([name, enabledAtMs]) => ({
          ServicePrincipal: name,
          DelegationEnabledDate: toSeconds(enabledAtMs),
        })),
        ...next,
      };
    },
  };
}

function notRegistered(): ApiError {
  const message = 'The provided account is not a registered delegated administrator for your organization.';
  return organizationError('AccountNotRegisteredException', message);
}
