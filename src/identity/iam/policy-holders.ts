import type { GroupEntity, RoleEntity, UserEntity } from '../entities.ts';
import { iamError } from './iam-error.ts';
import { iamQuotas } from './iam-quotas.ts';
import type { IdentityEntities } from './identity-entities.ts';
import type { IdentityWork } from './identity-work.ts';

/** What policies can be attached to. */
export type HolderKind = 'user' | 'group' | 'role';

export type Holder<K extends HolderKind> = IdentityEntities[K];

export const policySizeQuotas: Readonly<Record<HolderKind, number>> = {
  user: iamQuotas.userPolicySize,
  group: iamQuotas.groupPolicySize,
  role: iamQuotas.rolePolicySize,
};

/** Throws `NoSuchEntity` with IAM's sentence. */
export async function requireHolder<K extends HolderKind>(
  work: IdentityWork,
  kind: K,
  { accountId, name }: { readonly accountId: string; readonly name: string },
): Promise<Holder<K>> {
  const holder = await work.get(kind, accountId, name);
  if (holder === undefined) throw iamError('NoSuchEntity', `The ${kind} with name ${name} cannot be found.`);
  return holder;
}

export function holderName(holder: UserEntity | GroupEntity | RoleEntity): string {
  if ('userName' in holder) return holder.userName;
  return 'groupName' in holder ? holder.groupName : holder.roleName;
}

/** Writes a holder back under its name. */
export async function putHolder<K extends HolderKind>(
  work: IdentityWork,
  kind: K,
  { accountId, holder }: { readonly accountId: string; readonly holder: Holder<K> },
): Promise<void> {
  await work.put({ kind, accountId, name: holderName(holder) }, holder);
}
