import type { OrganizationEntity } from '../../../identity/organization/organization-entities.ts';
import { organizationArn } from '../../../identity/organization/organization-ids.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { IdentityChange, IdentityReference, IdentityStore } from '../../../store/identity-store.ts';
import { organizationError } from './organization-errors.ts';
import { toSeconds } from './wire-shapes.ts';

/** An invitation of an account to an organization. */
export interface Handshake {
  readonly id: string;
  readonly organization: Pick<OrganizationEntity, 'organizationId' | 'managementAccountId' | 'featureSet'>;
  readonly managementEmail: string;
  readonly managementName: string;
  readonly invitedAccountId: string;
  readonly notes?: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  /** `EXPIRED` is not written: the time tells it. */
  readonly state: 'OPEN' | 'ACCEPTED' | 'DECLINED' | 'CANCELED';
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
}

export interface KeptHandshake {
  readonly handshake: Handshake;
  readonly revision: number;
}

const handshakePrefix = 'handshake/';
const receivedPrefix = 'receivedHandshake/';

/** It is kept with the organization; the account that is invited has a mark of it, by which it is found from there. */
function referenceOf({ id, organization }: Handshake): IdentityReference {
  const { managementAccountId } = organization;
  return { kind: 'state', accountId: managementAccountId, name: `${handshakePrefix}${id}` };
}

/** The steps that keep a new one. */
export function newHandshakeChanges(handshake: Handshake): IdentityChange[] {
  const mark = { kind: 'state', name: `${receivedPrefix}${handshake.id}` } as const;
  return [
    { ...referenceOf(handshake), body: JSON.stringify(handshake), expectedRevision: 0 },
    { ...mark, accountId: handshake.invitedAccountId, body: '{}', expectedRevision: 0 },
  ];
}

/** The step that writes one which is kept as it shall be. */
export function handshakeChange({ handshake, revision }: KeptHandshake): IdentityChange {
  return { ...referenceOf(handshake), body: JSON.stringify(handshake), expectedRevision: revision };
}

export async function readHandshake(store: IdentityStore, id: string): Promise<KeptHandshake> {
  const document = await store.find('state', `${handshakePrefix}${id}`);
  if (document !== undefined) return { handshake: JSON.parse(document.body), revision: document.revision };
  const message = "We can't find a handshake with the HandshakeId that you specified.";
  throw organizationError('HandshakeNotFoundException', message);
}

/** Those that an organization has sent. */
export async function sentHandshakes(
  store: IdentityStore,
  managementAccountId: string,
): Promise<Handshake[]> {
  const documents = await store.list({ kind: 'state', accountId: managementAccountId });
  return documents
    .filter(({ name }) => name.startsWith(handshakePrefix))
    .map(({ body }): Handshake => JSON.parse(body));
}

/** Those that an account has got, from whatever organization. */
export async function receivedHandshakes(store: IdentityStore, accountId: string): Promise<Handshake[]> {
  const documents = await store.list({ kind: 'state', accountId });
  const marks = documents.filter(({ name }) => name.startsWith(receivedPrefix));
  const found = marks.map(async ({ name }) => {
    const { handshake } = await readHandshake(store, name.slice(receivedPrefix.length));
    return handshake;
  });
  return Promise.all(found);
}

export function stateOf(handshake: Handshake, nowMs: number): Handshake['state'] | 'EXPIRED' {
  return handshake.state === 'OPEN' && nowMs >= handshake.expiresAtMs ? 'EXPIRED' : handshake.state;
}

export function toWireHandshake(handshake: Handshake, nowMs: number): JsonObject {
  const { organization, invitedAccountId, notes } = handshake;
  return {
    Id: handshake.id,
    Arn: organizationArn(organization, 'handshake/invite', handshake.id),
    Action: 'INVITE',
    State: stateOf(handshake, nowMs),
    RequestedTimestamp: toSeconds(handshake.requestedAtMs),
    ExpirationTimestamp: toSeconds(handshake.expiresAtMs),
    Parties: [
      { Id: organization.organizationId, Type: 'ORGANIZATION' },
      { Id: invitedAccountId, Type: 'ACCOUNT' },
    ],
    Resources: [
      {
        Type: 'ORGANIZATION',
        Value: organization.organizationId,
        Resources: [
          { Type: 'MASTER_EMAIL', Value: handshake.managementEmail },
          { Type: 'MASTER_NAME', Value: handshake.managementName },
          { Type: 'ORGANIZATION_FEATURE_SET', Value: organization.featureSet },
        ],
      },
      { Type: 'ACCOUNT', Value: invitedAccountId },
      ...(notes === undefined ? [] : [{ Type: 'NOTES', Value: notes }]),
    ],
  };
}
