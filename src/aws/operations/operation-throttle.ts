import type { Clock } from '../../base/clock.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { ApiError } from '../../model/api-error.ts';

/** AWS's published figures, calls a second per account and Region (CloudTrail user guide, quotas). */
const RATES: Readonly<Record<string, number>> = {
  LookupEvents: 2,
  ListInsightsData: 2,
  ListInsightsMetricData: 1,
  StartQuery: 3,
  CancelQuery: 3,
  PutAuditEvents: 100,
  RegisterOrganizationDelegatedAdmin: 10,
  DeregisterOrganizationDelegatedAdmin: 10,
};
const READ_RATE = 10;
const WRITE_RATE = 1;

/** Accounts, Regions and operations that are remembered. */
const BUCKETS_MAX = 10_000;

export interface OperationThrottle {
  /** Takes one call from the allowance, or throws `ThrottlingException`. */
  take(call: { readonly accountId: string; readonly region: string; readonly operation: string }): void;
}

/** A token bucket per account, Region and operation that holds one second's worth of calls. */
export function createOperationThrottle(clock: Clock): OperationThrottle {
  const buckets = new TokenBuckets(BUCKETS_MAX);
  return {
    take({ accountId, region, operation }) {
      const perSecond = callsPerSecond(operation);
      const key = `${accountId}/${region}/${operation}`;
      if (buckets.take(key, { perSecond, burst: perSecond }, clock.monotonicMs())) return;
      throw new ApiError('ThrottlingException', 'Rate exceeded', { isPlatform: true });
    },
  };
}

/** What AWS lets an account call an operation in a Region each second. */
function callsPerSecond(operation: string): number {
  return RATES[operation] ?? (/^(Get|Describe|List)/.test(operation) ? READ_RATE : WRITE_RATE);
}
