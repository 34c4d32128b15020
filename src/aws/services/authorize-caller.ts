import type { Authorizer } from '../../identity/authorizer.ts';
import { ApiError } from '../../model/api-error.ts';
import type { Authorize } from '../opentrail/access.ts';

/** Asks the authorizer about callers of the front door; query services spell the denial `AccessDenied`, 403. */
export function createAuthorize(authorizer: Authorizer): Authorize {
  return async (caller, action, targets) => {
    const { principal, sourceIPAddress, userAgent, region, isSecure } = caller;
    const facts = { sourceIPAddress, region, isSecure, ...(userAgent === undefined ? {} : { userAgent }) };
    const decision = await authorizer.authorize({ principal, action, facts }, targets);
    if (decision.isAllowed) return;
    throw new ApiError('AccessDeniedException', decision.message, { isPlatform: true });
  };
}
