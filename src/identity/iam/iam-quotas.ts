/**
 * Quotas of IAM (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html): the default values, of which
 * AWS raises some on request. Raising one here costs time: look-ups by anything but the name read all documents of a kind.
 */
export const iamQuotas = {
  usersPerAccount: 5_000,
  groupsPerAccount: 300,
  rolesPerAccount: 1_000,
  policiesPerAccount: 1_500,
  groupsPerUser: 10,
  accessKeysPerUser: 2,
  /** Of a user, group or role each. */
  attachedPoliciesPerEntity: 10,
  versionsPerPolicy: 5,
  tagsPerEntity: 50,
  /** Characters that are not white space, all inline policies together. */
  userPolicySize: 2_048,
  groupPolicySize: 5_120,
  rolePolicySize: 10_240,
  managedPolicySize: 6_144,
  trustPolicySize: 2_048,
} as const;

/** What counts towards a quota: IAM does not count white space. */
export function policySize(document: string): number {
  return document.replace(/[\t\n\r ]/g, '').length;
}
