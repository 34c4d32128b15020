import type {
  AccessKeyEntity,
  AccessKeyUseEntity,
  AccountEntity,
  GroupEntity,
  ManagedPolicyEntity,
  RoleEntity,
  UserEntity,
} from '../entities.ts';

/** A name that only one document of its kind may have, and who has it: policy names, account aliases. */
export interface ReservationEntity {
  readonly accountId: string;
}

/** Which body a document of each kind has. */
export interface IdentityEntities {
  readonly account: AccountEntity;
  readonly user: UserEntity;
  readonly group: GroupEntity;
  readonly role: RoleEntity;
  readonly policy: ManagedPolicyEntity;
  readonly accessKey: AccessKeyEntity;
  readonly accessKeyUse: AccessKeyUseEntity;
  readonly state: ReservationEntity;
}

export type EntityKind = keyof IdentityEntities;
