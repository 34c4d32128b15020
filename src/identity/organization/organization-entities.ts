import type { Tag } from '../entities.ts';

/**
 * The bodies of an organization's documents in the identity store. All of them are kept under the id of the management
 * account. Times are milliseconds since 1970 UTC.
 */

/** Something that policies are attached to and that has tags: the root, a unit, a member. */
interface PolicyTarget {
  readonly tags: readonly Tag[];
  /** Ids of service-control policies; empty while that type of policy is not enabled. */
  readonly attachedPolicies: readonly string[];
}

/** Kind `organization`; name: its id. Every change of any part of the organization writes this document too. */
export interface OrganizationEntity {
  /** `o-exampleorg1` */
  readonly organizationId: string;
  readonly managementAccountId: string;
  readonly featureSet: 'ALL' | 'CONSOLIDATED_BILLING';
  readonly createdAtMs: number;
  /** Its id is `r-examp`. */
  readonly root: PolicyTarget & { readonly id: string };
  readonly isServiceControlEnabled: boolean;
  /** Trusted access: service principal (`cloudtrail.amazonaws.com`) → when it was enabled. */
  readonly serviceAccess: Readonly<Record<string, number>>;
}

/** Kind `organizationalUnit`; name: its id. */
export interface OrganizationalUnitEntity extends PolicyTarget {
  /** `ou-examp-example1` */
  readonly id: string;
  readonly name: string;
  /** The root or another unit. */
  readonly parentId: string;
}

/** Kind `organizationMember`; name: the account id. The management account is one too. */
export interface OrganizationMemberEntity extends PolicyTarget {
  readonly accountId: string;
  readonly parentId: string;
  readonly joinedMethod: 'INVITED' | 'CREATED';
  readonly joinedAtMs: number;
}

/** Kind `serviceControlPolicy`; name: its id. */
export interface ServiceControlPolicyEntity {
  /** `p-examplep` */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** JSON as given. */
  readonly content: string;
  readonly tags: readonly Tag[];
}

/** Kind `delegatedAdministrator`; name: the account id. Gone with its last service. */
export interface DelegatedAdministratorEntity {
  readonly accountId: string;
  /** Service principal → since when. */
  readonly services: Readonly<Record<string, number>>;
}
