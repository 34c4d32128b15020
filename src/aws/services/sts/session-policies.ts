import { deflateRawSync } from 'node:zlib';
import { managedPolicyDocument } from '../../../identity/managed-policy-documents.ts';
import { parsePolicy } from '../../../identity/policy/parse-policy.ts';
import type { IdentityStore } from '../../../store/identity-store.ts';
import type { SessionTags } from './session-tags.ts';
import { stsError } from './sts-error.ts';

/** AWS's bound on the inline policy and the ARNs of managed ones together. */
const PLAIN_CHARACTERS_MAX = 2_048;

/**
 * Bytes that policies and tags of a session may have, packed. AWS does not tell its bound; with this one a token keeps
 * below 6,500 of the 8,192 characters that one may have.
 */
const PACKED_BYTES_MAX = 4_096;

export interface SessionPolicies {
  readonly policy?: string;
  readonly policyArns: readonly string[];
}

/** Throws `MalformedPolicyDocument` or `PackedPolicyTooLarge` for policies that a session cannot have. */
export async function sessionPolicies(
  identities: IdentityStore,
  accountId: string,
  asked: {
    readonly policy?: string | undefined;
    readonly policyArns?: readonly { readonly arn: string }[] | undefined;
  },
): Promise<SessionPolicies> {
  const { policy } = asked;
  const policyArns = (asked.policyArns ?? []).map(({ arn }) => arn);
  if (policy !== undefined) parsePolicy(policy, 'session');
  for (const arn of policyArns) {
    if ((await managedPolicyDocument(identities, accountId, arn)) === undefined) {
      throw stsError(
        'MalformedPolicyDocument',
        `The managed policy ${arn} does not exist or is not attachable.`,
      );
    }
  }
  const characters = (policy?.length ?? 0) + policyArns.reduce((sum, arn) => sum + arn.length, 0);
  if (characters > PLAIN_CHARACTERS_MAX) throw tooLarge((characters / PLAIN_CHARACTERS_MAX) * 100);
  return { ...(policy === undefined ? {} : { policy }), policyArns };
}

/**
 * `PackedPolicySize`: how much of the room for policies and tags is taken, in percent; undefined where there are none.
 * Throws `PackedPolicyTooLarge`.
 */
export function packedPolicySize(
  { policy, policyArns }: SessionPolicies,
  { tags }: SessionTags,
): number | undefined {
  if (policy === undefined && policyArns.length === 0 && tags.length === 0) return undefined;
  const packed = deflateRawSync(JSON.stringify([policy, policyArns, tags]), { level: 9 });
  const percent = Math.ceil((packed.length / PACKED_BYTES_MAX) * 100);
  if (percent > 100) throw tooLarge(percent);
  return percent;
}

function tooLarge(percent: number): Error {
  const message = `Packed policy consumes ${Math.ceil(percent)}% of allotted space, please use smaller policy.`;
  return stsError('PackedPolicyTooLarge', message);
}
