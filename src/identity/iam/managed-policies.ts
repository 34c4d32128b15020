import type { GroupEntity, ManagedPolicyEntity, RoleEntity, UserEntity } from '../entities.ts';
import { findManagedPolicy, type ManagedPolicy } from '../policy/managed/managed-policies.ts';
import { entityArn, type IamAccount, type PolicyReference, parsePolicyArn } from './iam-arns.ts';
import { iamError } from './iam-error.ts';
import type { IdentityWork } from './identity-work.ts';

export interface FoundPolicy {
  readonly reference: PolicyReference;
  readonly policy: ManagedPolicyEntity;
}

/**
 * A managed policy by its ARN, AWS's own or the account's; undefined where there is none. Throws `InvalidInput` for what
 * is no such ARN. Policies of other accounts are never found.
 */
export async function findPolicy(
  work: IdentityWork,
  account: IamAccount,
  arn: string,
): Promise<FoundPolicy | undefined> {
  const reference = parsePolicyArn(arn);
  if (reference.isAwsManaged) {
    const managed = findManagedPolicy(arn);
    return managed && { reference, policy: managedEntity(managed) };
  }
  if (reference.accountId !== account.accountId) return undefined;
  const policy = await work.get('policy', account.accountId, reference.documentName);
  // Names are found in whatever case, but ARNs are compared as they are.
  if (policy === undefined || policyArn(account, policy) !== arn) return undefined;
  return { reference, policy };
}

/** One of AWS's own in the form of the account's; only the version that counts is known. */
export function managedEntity({ arn: _, document, ...managed }: ManagedPolicy): ManagedPolicyEntity {
  const { defaultVersionId: versionId, createdAtMs } = managed;
  return {
    ...managed,
    tags: [],
    updatedAtMs: createdAtMs,
    nextVersionNumber: Number(versionId.slice(1)) + 1,
    versions: [{ versionId, document, createdAtMs }],
  };
}

/** Throws `NoSuchEntity` as the operations do that are about the policy itself. */
export async function requirePolicy(
  work: IdentityWork,
  account: IamAccount,
  arn: string,
): Promise<FoundPolicy> {
  const found = await findPolicy(work, account, arn);
  if (found === undefined) throw iamError('NoSuchEntity', `Policy ${arn} was not found.`);
  return found;
}

/** The account's own policy, to be changed; AWS's own are told to be nobody's to change. Throws `NoSuchEntity`. */
export async function requireOwnPolicy(
  work: IdentityWork,
  account: IamAccount,
  arn: string,
): Promise<FoundPolicy> {
  const found = await requirePolicy(work, account, arn);
  if (found.reference.isAwsManaged) {
    throw iamError('InvalidInput', `Cannot perform the operation on the AWS managed policy ${arn}.`);
  }
  return found;
}

export function policyArn(account: IamAccount, policy: ManagedPolicyEntity): string {
  return entityArn(account, 'policy', { path: policy.path, name: policy.policyName });
}

/** Name of the policy's document in the identity store. */
export function policyDocumentName({
  path,
  policyName,
}: Pick<ManagedPolicyEntity, 'path' | 'policyName'>): string {
  return `${path.slice(1)}${policyName}`;
}

/** Keeps a policy from being deleted while it is attached; AWS's own cannot be deleted. */
export async function touchPolicy(work: IdentityWork, { reference }: FoundPolicy): Promise<void> {
  if (!reference.isAwsManaged) await work.touch('policy', reference.accountId, reference.documentName);
}

/** Every user, group and role of an account. */
export interface AccountHolders {
  readonly users: readonly UserEntity[];
  readonly groups: readonly GroupEntity[];
  readonly roles: readonly RoleEntity[];
}

export async function listHolders(work: IdentityWork, accountId: string): Promise<AccountHolders> {
  const [users, groups, roles] = await Promise.all([
    work.list('user', accountId),
    work.list('group', accountId),
    work.list('role', accountId),
  ]);
  return { users, groups, roles };
}

/** How often each managed policy is attached, and how often it is a permissions boundary. */
export function countPolicyUses({ users, groups, roles }: AccountHolders): {
  readonly attachments: ReadonlyMap<string, number>;
  readonly boundaries: ReadonlyMap<string, number>;
} {
  const attachments = new Map<string, number>();
  const boundaries = new Map<string, number>();
  const add = (counts: Map<string, number>, arn: string) => counts.set(arn, (counts.get(arn) ?? 0) + 1);
  for (const { attachedPolicies } of [...users, ...groups, ...roles]) {
    for (const arn of attachedPolicies) add(attachments, arn);
  }
  for (const { permissionsBoundary } of [...users, ...roles]) {
    if (permissionsBoundary !== undefined) add(boundaries, permissionsBoundary);
  }
  return { attachments, boundaries };
}
