import { entityArn, type IamAccount } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { iamQuotas, policySize } from '../../../identity/iam/iam-quotas.ts';
import type { IdentityWork } from '../../../identity/iam/identity-work.ts';
import { holderName } from '../../../identity/iam/policy-holders.ts';
import { trustedPrincipals } from '../../../identity/iam/trusted-principals.ts';
import { parsePolicy } from '../../../identity/policy/parse-policy.ts';
import { parseArn } from '../../../model/arn.ts';

/** Throws `MalformedPolicyDocument` or `LimitExceeded`. */
export function checkTrustPolicy(document: string): void {
  parsePolicy(document, 'trust');
  if (policySize(document) > iamQuotas.trustPolicySize) {
    throw iamError('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${iamQuotas.trustPolicySize}`);
  }
}

/**
 * Throws `MalformedPolicyDocument` where a trust policy names a user or role of this account that is not there; those that
 * are there stay while the change goes on. Whether those of other accounts are there is not for this account to know.
 */
export async function checkTrusted(work: IdentityWork, account: IamAccount, document: string): Promise<void> {
  for (const arn of trustedPrincipals(document)) {
    if (await isMissing(work, account, arn)) {
      throw iamError('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`);
    }
  }
}

async function isMissing(work: IdentityWork, account: IamAccount, arn: string): Promise<boolean> {
  const parts = parseArn(arn);
  const [, kind, name] = /^(user|role)\/(?:.*\/)?([^/]+)$/.exec(parts?.resource ?? '') ?? []; // user/team/bob
  if (parts?.service !== 'iam' || parts.accountId !== account.accountId) return false;
  if ((kind !== 'user' && kind !== 'role') || name === undefined) return false;
  const holder = await work.get(kind, account.accountId, name);
  if (holder === undefined) return true;
  await work.touch(kind, account.accountId, name);
  return entityArn(account, kind, { path: holder.path, name: holderName(holder) }) !== arn;
}

/** Throws `MalformedPolicyDocument` or `LimitExceeded`. */
export function checkManagedPolicy(document: string): void {
  parsePolicy(document, 'identity');
  if (policySize(document) > iamQuotas.managedPolicySize) {
    throw iamError('LimitExceeded', `Cannot exceed quota for PolicySize: ${iamQuotas.managedPolicySize}`);
  }
}
