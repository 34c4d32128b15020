import type { Clock } from '../../../base/clock.ts';
import type { Authorizer, CallFacts } from '../../../identity/authorizer.ts';
import type { SessionTokens } from '../../../identity/session/session-tokens.ts';
import type { IdentityStore } from '../../../store/identity-store.ts';
import type { ServiceCall } from '../service-operation.ts';

/** What the operations of STS need. */
export interface StsContext {
  readonly identities: IdentityStore;
  readonly authorizer: Authorizer;
  readonly sessions: SessionTokens;
  readonly clock: Clock;
  /** The account of the installation needs no document of its own to be open. */
  readonly installationAccountId: string;
}

export function factsOf({ sourceIPAddress, userAgent, region, isSecure }: ServiceCall): CallFacts {
  return {
    sourceIPAddress,
    region,
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(isSecure === undefined ? {} : { isSecure }),
  };
}
