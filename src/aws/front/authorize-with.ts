import type { Authorizer } from '../../identity/authorizer.ts';
import { ApiError } from '../../model/api-error.ts';
import type { Authorize } from '../opentrail/access.ts';

/** Lets the policies of principals, resources and organizations decide; a denial has AWS's sentence. */
export function authorizeWith(authorizer: Authorizer): Authorize {
  return async (caller, action, targets) => {
    const { principal, sourceIPAddress, userAgent, region, isSecure } = caller;
    const facts = {
      sourceIPAddress,
      region,
      isSecure,
      ...(userAgent === undefined ? {} : { userAgent }),
    };
    const decision = await authorizer.authorize({ principal, action, facts }, targets);
    if (!decision.isAllowed) {
      throw new ApiError('AccessDeniedException', decision.message, { isPlatform: true });
    }
  };
}
