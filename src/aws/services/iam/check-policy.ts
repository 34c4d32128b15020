import { iamError } from '../../../identity/iam/iam-error.ts';
import { iamQuotas, policySize } from '../../../identity/iam/iam-quotas.ts';
import { parsePolicy } from '../../../identity/policy/parse-policy.ts';

/** Throws `MalformedPolicyDocument` or `LimitExceeded`. */
export function checkTrustPolicy(document: string): void {
  parsePolicy(document, 'trust');
  if (policySize(document) > iamQuotas.trustPolicySize) {
    throw iamError('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${iamQuotas.trustPolicySize}`);
  }
}

/** Throws `MalformedPolicyDocument` or `LimitExceeded`. */
export function checkManagedPolicy(document: string): void {
  parsePolicy(document, 'identity');
  if (policySize(document) > iamQuotas.managedPolicySize) {
    throw iamError('LimitExceeded', `Cannot exceed quota for PolicySize: ${iamQuotas.managedPolicySize}`);
  }
}
