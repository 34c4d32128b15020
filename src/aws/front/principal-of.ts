import type { Principal } from '../../identity/principal.ts';
import type { UserIdentity } from '../../model/cloudtrail-event.ts';

/** The principal that a believed `userIdentity` stands for. */
export function principalOf(userIdentity: UserIdentity, accountId: string): Principal {
  const { type, arn, principalId, accessKeyId, userName } = userIdentity;
  return {
    type: type === 'Root' ? 'Root' : 'IAMUser',
    accountId,
    arn: arn ?? `arn:aws:iam::${accountId}:root`,
    userId: principalId ?? accountId,
    accessKeyId: accessKeyId ?? '',
    userIdentity,
    tags: [],
    ...(userName === undefined ? {} : { userName }),
  };
}
