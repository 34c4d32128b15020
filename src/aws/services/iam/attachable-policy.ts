import type { IamAccount } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import type { IdentityWork } from '../../../identity/iam/identity-work.ts';
import { findPolicy, touchPolicy } from '../../../identity/iam/managed-policies.ts';

/** Throws `NoSuchEntity`; the policy cannot be deleted while the change goes on. */
export async function requireAttachable(
  work: IdentityWork,
  { account, arn }: { readonly account: IamAccount; readonly arn: string },
): Promise<void> {
  const found = await findPolicy(work, account, arn);
  if (found === undefined) {
    throw iamError('NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`);
  }
  await touchPolicy(work, found);
}

/** The member of a user or role that says its boundary; none where none is given. Throws `NoSuchEntity`. */
export async function requireBoundary(
  work: IdentityWork,
  { account, arn }: { readonly account: IamAccount; readonly arn: string | undefined },
): Promise<{ readonly permissionsBoundary?: string }> {
  if (arn === undefined) return {};
  const found = await findPolicy(work, account, arn);
  if (found === undefined) {
    throw iamError('NoSuchEntity', `Scope ARN: ${arn} does not exist or is not attachable.`);
  }
  await touchPolicy(work, found);
  return { permissionsBoundary: arn };
}
