import { accountEntity, claimAccount } from '../../../identity/organization/join-organization.ts';
import { newHandshakeId } from '../../../identity/organization/organization-ids.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { initialPolicies } from '../../../identity/organization/service-control.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import {
  type Handshake,
  handshakeChange,
  type KeptHandshake,
  newHandshakeChanges,
  readHandshake,
  receivedHandshakes,
  sentHandshakes,
  stateOf,
  toWireHandshake,
} from './handshake-record.ts';
import {
  changeAsManagement,
  changeAt,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import {
  accessDenied,
  concurrentModification,
  invalidInput,
  organizationError,
} from './organization-errors.ts';
import {
  idRules,
  optionalChoice,
  optionalObject,
  optionalText,
  pageOf,
  readTags,
  requiredChoice,
  requiredObject,
  requiredText,
} from './read-input.ts';

/** AWS keeps an invitation open for 15 days. */
const openMs = 15 * 24 * 60 * 60 * 1000;
const actionTypes = [
  'INVITE',
  'ENABLE_ALL_FEATURES',
  'APPROVE_ALL_FEATURES',
  'ADD_ORGANIZATIONS_SERVICE_LINKED_ROLE',
  'TRANSFER_RESPONSIBILITY',
];

/** Invitations of accounts that are there already. */
export function handshakeOperations(context: OrganizationContext): ServiceOperation[] {
  return [
    invite(context),
    accept(context),
    decline(context),
    cancel(context),
    describe(context),
    listForAccount(context),
    listForOrganization(context),
  ];
}

function invite(context: OrganizationContext): ServiceOperation {
  return {
    name: 'InviteAccountToOrganization',
    isReadOnly: false,
    async run(call) {
      const target = requiredObject(call.input, 'Target');
      const type = requiredChoice(target, 'Type', ['ACCOUNT', 'ORGANIZATION', 'EMAIL']);
      if (type !== 'ACCOUNT') {
        const message = 'Only accounts can be invited, by their id.';
        throw invalidInput('INVALID_PARTY_TYPE_TARGET', message);
      }
      const wish = {
        invitedAccountId: requiredText(target, 'Id', idRules.account),
        notes: optionalText(call.input, 'Notes', { max: 1024 }),
        tags: readTags(call.input),
      };
      const handshake = await changeAsManagement(context, call, async (state) => {
        const made = await invitation(context, state, wish);
        return { result: made, changes: newHandshakeChanges(made) };
      });
      return { Handshake: toWireHandshake(handshake, context.clock.now()) };
    },
  };
}

async function invitation(
  { store, clock, random }: OrganizationContext,
  state: OrganizationState,
  wish: {
    readonly invitedAccountId: string;
    readonly notes: string | undefined;
    readonly tags: Handshake['tags'];
  },
): Promise<Handshake> {
  const { invitedAccountId, notes, tags } = wish;
  const { organizationId, managementAccountId, featureSet } = state.entity;
  const nowMs = clock.now();
  if ((await accountEntity(store, invitedAccountId)) === undefined) {
    const message = `There is no account ${invitedAccountId} in this installation.`;
    throw invalidInput('INVALID_PARTY_TYPE_TARGET', message);
  }
  if ((await store.find('organizationMember', invitedAccountId)) !== undefined) throw alreadyMember();
  const sent = await sentHandshakes(store, managementAccountId);
  const isOpen = (one: Handshake) =>
    one.invitedAccountId === invitedAccountId &&
    one.organization.organizationId === organizationId &&
    stateOf(one, nowMs) === 'OPEN';
  if (sent.some(isOpen)) {
    const message = 'A handshake with the same action and target already exists.';
    throw organizationError('DuplicateHandshakeException', message);
  }
  const management = (await accountEntity(store, managementAccountId))?.entity;
  return {
    id: newHandshakeId(random),
    organization: { organizationId, managementAccountId, featureSet },
    managementEmail: management?.email ?? '',
    managementName: management?.name ?? '',
    invitedAccountId,
    ...(notes === undefined ? {} : { notes }),
    tags,
    state: 'OPEN',
    requestedAtMs: nowMs,
    expiresAtMs: nowMs + openMs,
  };
}

function accept(context: OrganizationContext): ServiceOperation {
  const { store, clock } = context;
  return {
    name: 'AcceptHandshake',
    isReadOnly: false,
    async run(call) {
      const id = requiredText(call.input, 'HandshakeId', idRules.handshake);
      const { accountId } = call.principal;
      const { handshake: sent } = await readHandshake(store, id);
      if (sent.invitedAccountId !== accountId) throw accessDenied();
      const { managementAccountId, organizationId } = sent.organization;
      const accepted = await changeAt(context, managementAccountId, async (state) => {
        const kept = await readHandshake(store, id);
        const nowMs = clock.now();
        const next = transition(kept, 'ACCEPTED', nowMs);
        // The organization was deleted, and the account manages another one since.
        if (state.entity.organizationId !== organizationId) throw invalidTransition(sent.state, 'ACCEPTED');
        const claim = await claimAccount(store, accountId, nowMs);
        if (claim === undefined) throw alreadyMember();
        const member = {
          accountId,
          parentId: state.entity.root.id,
          joinedMethod: 'INVITED',
          joinedAtMs: nowMs,
          tags: kept.handshake.tags,
          attachedPolicies: initialPolicies(state),
        } as const;
        const changes = [claim, handshakeChange(next), state.put('organizationMember', accountId, member)];
        return { result: next.handshake, changes };
      });
      return { Handshake: toWireHandshake(accepted, clock.now()) };
    },
  };
}

function decline(context: OrganizationContext): ServiceOperation {
  return {
    name: 'DeclineHandshake',
    isReadOnly: false,
    run: (call) =>
      closeHandshake(context, call, {
        state: 'DECLINED',
        isParty: ({ invitedAccountId }) => invitedAccountId === call.principal.accountId,
      }),
  };
}

function cancel(context: OrganizationContext): ServiceOperation {
  return {
    name: 'CancelHandshake',
    isReadOnly: false,
    run: (call) =>
      closeHandshake(context, call, {
        state: 'CANCELED',
        isParty: ({ organization }) => organization.managementAccountId === call.principal.accountId,
      }),
  };
}

async function closeHandshake(
  { store, clock }: OrganizationContext,
  call: ServiceCall,
  close: {
    readonly state: 'DECLINED' | 'CANCELED';
    readonly isParty: (handshake: Handshake) => boolean;
  },
): Promise<JsonObject> {
  const id = requiredText(call.input, 'HandshakeId', idRules.handshake);
  const kept = await readHandshake(store, id);
  if (!close.isParty(kept.handshake)) throw accessDenied();
  const next = transition(kept, close.state, clock.now());
  if (!(await store.commit([handshakeChange(next)]))) throw concurrentModification();
  return { Handshake: toWireHandshake(next.handshake, clock.now()) };
}

function describe({ store, clock }: OrganizationContext): ServiceOperation {
  return {
    name: 'DescribeHandshake',
    isReadOnly: true,
    async run({ input, principal }) {
      const { handshake } = await readHandshake(store, requiredText(input, 'HandshakeId', idRules.handshake));
      const parties = [handshake.invitedAccountId, handshake.organization.managementAccountId];
      if (!parties.includes(principal.accountId)) throw accessDenied();
      return { Handshake: toWireHandshake(handshake, clock.now()) };
    },
  };
}

function listForAccount(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListHandshakesForAccount',
    isReadOnly: true,
    async run(call) {
      const { accountId } = call.principal;
      return listed(context, call, await receivedHandshakes(context.store, accountId));
    },
  };
}

function listForOrganization(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListHandshakesForOrganization',
    isReadOnly: true,
    async run(call) {
      const { entity } = await readableOrganization(context, call);
      const sent = await sentHandshakes(context.store, entity.managementAccountId);
      return listed(
        context,
        call,
        sent.filter(({ organization }) => organization.organizationId === entity.organizationId),
      );
    },
  };
}

function listed({ clock }: OrganizationContext, { input }: ServiceCall, handshakes: Handshake[]): JsonObject {
  const action = optionalChoice(optionalObject(input, 'Filter') ?? {}, 'ActionType', actionTypes);
  const wanted = action === undefined || action === 'INVITE' ? handshakes : [];
  const { items, next } = pageOf(input, wanted, ({ id }) => id);
  return { Handshakes: items.map((handshake) => toWireHandshake(handshake, clock.now())), ...next };
}

/** The handshake in another state; only open ones change. */
function transition(kept: KeptHandshake, state: Handshake['state'], nowMs: number): KeptHandshake {
  const current = stateOf(kept.handshake, nowMs);
  if (current === state) {
    const message = 'The specified handshake is already in the requested state.';
    throw organizationError('HandshakeAlreadyInStateException', message);
  }
  if (current !== 'OPEN') throw invalidTransition(current, state);
  return { ...kept, handshake: { ...kept.handshake, state } };
}

function invalidTransition(from: string, to: string): Error {
  const message = `You can't perform the operation on the handshake in its current state: ${from} can't become ${to}.`;
  return organizationError('InvalidHandshakeTransitionException', message);
}

function alreadyMember(): Error {
  const message = 'The account is already a member of an organization.';
  return organizationError('HandshakeConstraintViolationException', message, 'ALREADY_IN_AN_ORGANIZATION');
}
