import type { IdentityStore } from '../store/identity-store.ts';
import type { ManagedPolicyEntity } from './entities.ts';
import { findManagedPolicy } from './policy/managed/managed-policies.ts';

const POLICY_ARN = /^arn:aws[\w-]*:iam::(aws|\d{12}):policy\/(.+)$/; // arn:aws:iam::111122223333:policy/team/ReadOnly

/**
 * The document that a managed policy has at present, AWS's own or one of the account; undefined where there is none, or it
 * is of another account.
 */
export async function managedPolicyDocument(
  store: IdentityStore,
  accountId: string,
  arn: string,
): Promise<string | undefined> {
  const [, owner, name] = POLICY_ARN.exec(arn) ?? [];
  if (name === undefined) return undefined;
  if (owner === 'aws') return findManagedPolicy(arn)?.document;
  if (owner !== accountId) return undefined;
  const found = await store.get({ kind: 'policy', accountId, name });
  if (found === undefined) return undefined;
  const { versions, defaultVersionId } = JSON.parse(found.body) as ManagedPolicyEntity;
  return versions.find(({ versionId }) => versionId === defaultVersionId)?.document;
}
