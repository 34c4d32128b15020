import type { Random } from '../../base/random.ts';
import type { OrganizationEntity } from './organization-entities.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Text of random characters, of which the first four are a little more frequent, which ids may bear. */
function characters(random: Random, count: number): string {
  return Array.from(random.bytes(count), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** Identifiers in the lengths that AWS gives out. */
export const newOrganizationId = (random: Random): string => `o-${characters(random, 10)}`;
export const newRootId = (random: Random): string => `r-${characters(random, 4)}`;
export const newPolicyId = (random: Random): string => `p-${characters(random, 8)}`;
export const newCreateAccountRequestId = (random: Random): string => `car-${characters(random, 32)}`;
export const newHandshakeId = (random: Random): string => `h-${characters(random, 32)}`;

/** A unit bears the root that it is under: `ou-examp-example1`. */
export function newUnitId(random: Random, rootId: string): string {
  return `ou-${rootId.slice('r-'.length)}-${characters(random, 8)}`;
}

/** Twelve digits. */
export function newAccountId(random: Random): string {
  const number = random.bytes(8).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return String(number % 1_000_000_000_000n).padStart(12, '0');
}

/** `arn:aws:organizations::111122223333:account/o-exampleorg1/444455556666`. */
export function organizationArn(
  { managementAccountId, organizationId }: Pick<OrganizationEntity, 'managementAccountId' | 'organizationId'>,
  type: 'organization' | 'root' | 'ou' | 'account' | 'handshake/invite' | 'policy/service_control_policy',
  id?: string,
): string {
  const [kind = '', subtype] = type.split('/');
  const parts = [kind, organizationId, subtype, id].filter((part) => part !== undefined);
  return `arn:aws:organizations::${managementAccountId}:${parts.join('/')}`;
}
