import { entityArn, type IamAccount } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { iamQuotas, policySize } from '../../../identity/iam/iam-quotas.ts';
import type { IdentityWork } from '../../../identity/iam/identity-work.ts';
import { holderName } from '../../../identity/iam/policy-holders.ts';
import { parsePolicy } from '../../../identity/policy/parse-policy.ts';
import { parseArn } from '../../../model/arn.ts';

/**
 * Throws `MalformedPolicyDocument`, also where it names a user or role of this account that is not there, or
 * `LimitExceeded`. Whether those of other accounts are there is not for this account to know.
 */
export async function checkTrustPolicy(
  work: IdentityWork,
  account: IamAccount,
  document: string,
): Promise<void> {
  parsePolicy(document, 'trust');
  if (policySize(document) > iamQuotas.trustPolicySize) {
    throw iamError('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${iamQuotas.trustPolicySize}`);
  }
  for (const arn of principalArns(document)) {
    if (await isMissing(work, account, arn)) {
      throw iamError('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`);
    }
  }
}

interface TrustStatement {
  readonly Principal?: { readonly AWS?: string | readonly string[] };
  readonly NotPrincipal?: { readonly AWS?: string | readonly string[] };
}

/** The document MUST be a policy. */
function principalArns(document: string): string[] {
  const { Statement }: { Statement: TrustStatement | TrustStatement[] } = JSON.parse(document);
  return [Statement]
    .flat()
    .flatMap(({ Principal, NotPrincipal }) => [Principal?.AWS ?? [], NotPrincipal?.AWS ?? []].flat());
}

async function isMissing(work: IdentityWork, account: IamAccount, arn: string): Promise<boolean> {
  const parts = parseArn(arn);
  const [, kind, name] = /^(user|role)\/(?:.*\/)?([^/]+)$/.exec(parts?.resource ?? '') ?? []; // user/team/bob
  if (parts?.service !== 'iam' || parts.accountId !== account.accountId) return false;
  if ((kind !== 'user' && kind !== 'role') || name === undefined) return false;
  const holder = await work.get(kind, account.accountId, name);
  return (
    holder === undefined || entityArn(account, kind, { path: holder.path, name: holderName(holder) }) !== arn
  );
}

/** Throws `MalformedPolicyDocument` or `LimitExceeded`. */
export function checkManagedPolicy(document: string): void {
  parsePolicy(document, 'identity');
  if (policySize(document) > iamQuotas.managedPolicySize) {
    throw iamError('LimitExceeded', `Cannot exceed quota for PolicySize: ${iamQuotas.managedPolicySize}`);
  }
}
