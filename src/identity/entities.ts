/** The bodies of the documents in the identity store. Times are milliseconds since 1970 UTC; policies are JSON as given. */

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface AccountEntity {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly status: 'ACTIVE' | 'SUSPENDED' | 'PENDING_CLOSURE';
  readonly createdAtMs: number;
  readonly alias?: string;
}

/** What users, groups and roles have in common. */
interface PolicyHolder {
  /** `/` or `/team/` */
  readonly path: string;
  readonly createdAtMs: number;
  /** Policy name → document. */
  readonly inlinePolicies: Readonly<Record<string, string>>;
  /** ARNs of managed policies, AWS's own or the account's. */
  readonly attachedPolicies: readonly string[];
}

export interface UserEntity extends PolicyHolder {
  readonly userName: string;
  /** `AIDA…` */
  readonly userId: string;
  readonly tags: readonly Tag[];
  /** Names of groups. */
  readonly groups: readonly string[];
  readonly permissionsBoundary?: string;
  readonly loginProfile?: LoginProfile;
  readonly passwordLastUsedMs?: number;
}

export interface LoginProfile {
  /** A slow hash with its parameters and salt. */
  readonly passwordHash: string;
  readonly isResetRequired: boolean;
  readonly createdAtMs: number;
}

export interface GroupEntity extends PolicyHolder {
  readonly groupName: string;
  /** `AGPA…` */
  readonly groupId: string;
}

export interface RoleEntity extends PolicyHolder {
  readonly roleName: string;
  /** `AROA…` */
  readonly roleId: string;
  readonly trustPolicy: string;
  readonly description: string;
  readonly maxSessionDurationSeconds: number;
  readonly tags: readonly Tag[];
  readonly permissionsBoundary?: string;
  readonly lastUsedMs?: number;
  readonly lastUsedRegion?: string;
}

export interface ManagedPolicyEntity {
  readonly policyName: string;
  /** `ANPA…` */
  readonly policyId: string;
  readonly path: string;
  readonly description: string;
  readonly tags: readonly Tag[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** `v1`, … */
  readonly defaultVersionId: string;
  readonly nextVersionNumber: number;
  readonly versions: readonly {
    readonly versionId: string;
    readonly document: string;
    readonly createdAtMs: number;
  }[];
}

export interface AccessKeyEntity {
  readonly accessKeyId: string;
  /** Undefined for keys of the account's root. */
  readonly userName?: string;
  readonly status: 'Active' | 'Inactive';
  readonly createdAtMs: number;
  /** The secret, encrypted with the master key (`src/identity/secrets`). */
  readonly sealedSecret: string;
}

export interface AccessKeyUseEntity {
  readonly lastUsedMs: number;
  readonly region: string;
  readonly serviceName: string;
}
