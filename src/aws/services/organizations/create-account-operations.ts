import type { Random } from '../../../base/random.ts';
import type { AccountEntity, RoleEntity } from '../../../identity/entities.ts';
import { newUniqueId } from '../../../identity/iam/iam-ids.ts';
import type { OrganizationChange } from '../../../identity/organization/change-organization.ts';
import { accountEntity } from '../../../identity/organization/join-organization.ts';
import type { OrganizationMemberEntity } from '../../../identity/organization/organization-entities.ts';
import { newAccountId, newCreateAccountRequestId } from '../../../identity/organization/organization-ids.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { initialPolicies } from '../../../identity/organization/service-control.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { IdentityChange, IdentityStore } from '../../../store/identity-store.ts';
import type { ServiceAction } from '../service-action.ts';
import type { ServiceOperation } from '../service-operation.ts';
import {
  changeAsManagement,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import { constraintViolation, invalidInput, organizationError } from './organization-errors.ts';
import {
  idRules,
  optionalChoice,
  optionalList,
  optionalText,
  pageOf,
  readTags,
  requiredText,
} from './read-input.ts';
import { toSeconds } from './wire-shapes.ts';

/** Accounts of one organization, the closed ones among them; above the default quota of AWS. */
const accountsMax = 10_000;
const requestPrefix = 'createAccount/';

/** A request to make an account. AWS works on it for minutes; here it is done when it is answered. */
interface CreateAccountRequest {
  readonly id: string;
  readonly accountName: string;
  readonly state: 'SUCCEEDED' | 'FAILED';
  readonly requestedAtMs: number;
  readonly accountId?: string;
  readonly failureReason?: 'EMAIL_ALREADY_EXISTS';
}

interface AccountWish {
  readonly email: string;
  readonly accountName: string;
  readonly roleName: string;
  readonly tags: OrganizationMemberEntity['tags'];
}

/** Making accounts, and the requests that AWS keeps of it. */
export function createAccountOperations(context: OrganizationContext): ServiceOperation[] {
  return [createAccount(context), describeCreateAccountStatus(context), listCreateAccountStatus(context)];
}

function createAccount(context: OrganizationContext): ServiceOperation {
  return {
    name: 'CreateAccount',
    isReadOnly: false,
    async run(call) {
      const { input } = call;
      const wish = {
        email: requiredText(input, 'Email', { min: 6, max: 64, pattern: /^[^\s@]+@[^\s@]+\.[^\s@]+$/ }),
        accountName: requiredText(input, 'AccountName', { min: 1, max: 50, pattern: /^[\u0020-\u007E]+$/ }),
        roleName:
          optionalText(input, 'RoleName', { max: 64, pattern: /^[\w+=,.@-]{1,64}$/ }) ??
          'OrganizationAccountAccessRole',
        tags: readTags(input),
      };
      optionalChoice(input, 'IamUserAccessToBilling', ['ALLOW', 'DENY']);
      const request = await changeAsManagement(context, call, (state) => newAccount(context, state, wish));
      if (request.accountId !== undefined) {
        await context.recordServiceAction?.(accessRoleMade(request.accountId, wish.roleName));
      }
      return { CreateAccountStatus: toWireRequest(request) };
    },
  };
}

/** The first thing that happens in a new account, and in nobody's name but the service's. */
function accessRoleMade(accountId: string, roleName: string): ServiceAction {
  return {
    invokedBy: 'organizations.amazonaws.com',
    eventSource: 'iam.amazonaws.com',
    eventName: 'CreateRole',
    accountId,
    requestParameters: { roleName },
    responseElements: { role: { path: '/', roleName, arn: `arn:aws:iam::${accountId}:role/${roleName}` } },
  };
}

async function newAccount(
  { store, clock, random }: OrganizationContext,
  state: OrganizationState,
  wish: AccountWish,
): Promise<OrganizationChange<CreateAccountRequest>> {
  if (state.members.size >= accountsMax) {
    const message = `You have reached the limit of ${accountsMax} accounts in the organization.`;
    throw constraintViolation('ACCOUNT_NUMBER_LIMIT_EXCEEDED', message);
  }
  const nowMs = clock.now();
  const { managementAccountId, root } = state.entity;
  const about = {
    id: newCreateAccountRequestId(random),
    accountName: wish.accountName,
    requestedAtMs: nowMs,
  };
  if (await isEmailTaken(store, state, wish.email)) {
    const request = { ...about, state: 'FAILED', failureReason: 'EMAIL_ALREADY_EXISTS' } as const;
    return { result: request, changes: [requestChange(managementAccountId, request)] };
  }
  const accountId = newAccountId(random);
  const account: AccountEntity = {
    accountId,
    name: wish.accountName,
    email: wish.email,
    status: 'ACTIVE',
    createdAtMs: nowMs,
  };
  const member: OrganizationMemberEntity = {
    accountId,
    parentId: root.id,
    joinedMethod: 'CREATED',
    joinedAtMs: nowMs,
    tags: wish.tags,
    attachedPolicies: initialPolicies(state),
  };
  const role = accessRole(wish.roleName, { managementAccountId, nowMs, random });
  const request = { ...about, state: 'SUCCEEDED', accountId } as const;
  return {
    result: request,
    changes: [
      made({ kind: 'account', accountId, name: accountId }, account),
      made({ kind: 'role', accountId, name: wish.roleName }, role),
      state.put('organizationMember', accountId, member),
      requestChange(managementAccountId, request),
    ],
  };
}

async function isEmailTaken(store: IdentityStore, state: OrganizationState, email: string): Promise<boolean> {
  const accounts = await Promise.all([...state.members.keys()].map((id) => accountEntity(store, id)));
  return accounts.some((account) => account?.entity.email.toLowerCase() === email.toLowerCase());
}

/** The role by which the management account administers an account that it made. */
function accessRole(
  roleName: string,
  facts: { readonly managementAccountId: string; readonly nowMs: number; readonly random: Random },
): RoleEntity {
  const version = '2012-10-17';
  const trusted = { AWS: `arn:aws:iam::${facts.managementAccountId}:root` };
  return {
    roleName,
    roleId: newUniqueId(facts.random, 'AROA'),
    path: '/',
    description: '',
    createdAtMs: facts.nowMs,
    maxSessionDurationSeconds: 3600,
    tags: [],
    attachedPolicies: [],
    trustPolicy: JSON.stringify({
      Version: version,
      Statement: [{ Effect: 'Allow', Principal: trusted, Action: 'sts:AssumeRole' }],
    }),
    inlinePolicies: {
      AdministratorAccess: JSON.stringify({
        Version: version,
        Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
      }),
    },
  };
}

function made(
  reference: Pick<IdentityChange, 'kind' | 'accountId' | 'name'>,
  entity: AccountEntity | RoleEntity | CreateAccountRequest,
): IdentityChange {
  return { ...reference, body: JSON.stringify(entity), expectedRevision: 0 };
}

function requestChange(accountId: string, request: CreateAccountRequest): IdentityChange {
  return made({ kind: 'state', accountId, name: `${requestPrefix}${request.id}` }, request);
}

function describeCreateAccountStatus(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DescribeCreateAccountStatus',
    isReadOnly: true,
    async run(call) {
      const id = requiredText(call.input, 'CreateAccountRequestId', idRules.createAccountRequest);
      const { entity } = await readableOrganization(context, call);
      const reference = { accountId: entity.managementAccountId, name: `${requestPrefix}${id}` };
      const document = await context.store.get({ kind: 'state', ...reference });
      if (document === undefined) {
        const message = "We can't find a create account request with the id that you specified.";
        throw organizationError('CreateAccountStatusNotFoundException', message);
      }
      return { CreateAccountStatus: toWireRequest(JSON.parse(document.body)) };
    },
  };
}

function listCreateAccountStatus(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListCreateAccountStatus',
    isReadOnly: true,
    async run(call) {
      const states = optionalList(call.input, 'States');
      const isKnown = states?.every((state) =>
        ['IN_PROGRESS', 'SUCCEEDED', 'FAILED'].includes(String(state)),
      );
      if (isKnown === false) throw invalidInput('INVALID_ENUM', 'You specified an invalid value for States.');
      const { entity } = await readableOrganization(context, call);
      const documents = await context.store.list({ kind: 'state', accountId: entity.managementAccountId });
      const requests = documents
        .filter(({ name }) => name.startsWith(requestPrefix))
        .map(({ body }): CreateAccountRequest => JSON.parse(body))
        .filter(({ state }) => states === undefined || states.includes(state));
      const { items, next } = pageOf(call.input, requests, ({ id }) => id);
      return { CreateAccountStatuses: items.map(toWireRequest), ...next };
    },
  };
}

function toWireRequest(request: CreateAccountRequest): JsonObject {
  return {
    Id: request.id,
    AccountName: request.accountName,
    State: request.state,
    RequestedTimestamp: toSeconds(request.requestedAtMs),
    CompletedTimestamp: toSeconds(request.requestedAtMs),
    ...(request.accountId === undefined ? {} : { AccountId: request.accountId }),
    ...(request.failureReason === undefined ? {} : { FailureReason: request.failureReason }),
  };
}
