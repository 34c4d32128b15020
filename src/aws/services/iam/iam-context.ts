import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import type { AttemptGuard } from '../../../identity/attempt-guard.ts';
import type { IamAccount } from '../../../identity/iam/iam-arns.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { IdentityWork } from '../../../identity/iam/identity-work.ts';
import type { ActionTable } from '../../../identity/policy/action-table.ts';
import type { ServiceControl } from '../../../identity/policy/decide.ts';
import type { PasswordHasher } from '../../../identity/secrets/password-hash.ts';
import type { SecretSealer } from '../../../identity/secrets/secret-sealer.ts';
import { parseArn } from '../../../model/arn.ts';
import type { IdentityStore } from '../../../store/identity-store.ts';
import type { ServiceCall } from '../service-operation.ts';

/** What the operations of IAM need. */
export interface IamContext {
  readonly identities: IdentityStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: SecretSealer;
  readonly passwords: PasswordHasher;
  /** Locks source addresses out that try one wrong password after another. */
  readonly attempts: AttemptGuard;
  /** Tells the simulations which actions are about resources. */
  readonly actions: ActionTable;
  /** What an organization lets the principals of an account do; absent where there are no organizations. */
  readonly serviceControlOf?: (accountId: string) => Promise<ServiceControl | undefined>;
}

/** Reads without writing. */
export function readWork({ identities }: IamContext): IdentityWork {
  return new IdentityWork(identities);
}

export function accountOf({ principal }: ServiceCall): IamAccount {
  return { accountId: principal.accountId, partition: parseArn(principal.arn)?.partition ?? 'aws' };
}

/**
 * The user that an operation is about where its input names none: the caller; undefined where that is the account's root.
 * Throws `ValidationError` for sessions of roles.
 */
export function callerUserName({ principal }: ServiceCall): string | undefined {
  if (principal.type === 'Root') return undefined;
  if (principal.type === 'IAMUser' && principal.userName !== undefined) return principal.userName;
  throw iamError('ValidationError', 'Must specify userName when calling with non-User credentials');
}
