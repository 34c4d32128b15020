import { ApiError } from '../../model/api-error.ts';
import type { AccessTarget } from '../services/service-operation.ts';
import type { Caller } from './operation.ts';

/**
 * Decides whether a caller may do something to all of the targets (default: `*`); throws `AccessDeniedException` when
 * not. Whoever holds the root credentials of an account may do everything in that account.
 */
export type Authorize = (caller: Caller, action: string, targets?: readonly AccessTarget[]) => Promise<void>;

/**
 * What is about the whole installation is for its own account only, whatever policies another account has.
 */
export function requireInstallationAccount(
  caller: Caller,
  installationAccountId: string,
  action: string,
): void {
  if (caller.accountId === installationAccountId) return;
  throw accessDenied(caller, action, 'because only the account of the installation may do that');
}

export function accessDenied(caller: Caller, action: string, tail: string): ApiError {
  const principal = caller.userIdentity.arn ?? caller.userIdentity.accessKeyId ?? 'unknown';
  const message = `User: ${principal} is not authorized to perform: ${action} on resource: * ${tail}`;
  return new ApiError('AccessDeniedException', message, { isPlatform: true });
}

/** Root may everything in its account; identities of other kinds may nothing until there are policies. */
export const rootOnly: Authorize = async (caller, action) => {
  if (caller.userIdentity.type === 'Root') return;
  throw accessDenied(caller, action, `because no identity-based policy allows the ${action} action`);
};
