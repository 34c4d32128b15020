import type { Clock } from '../../base/clock.ts';
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

/**
 * Accounts, Regions and operations that are remembered; idle ones are forgotten first, which gives them a full allowance
 * again.
 */
const BUCKETS_MAX = 10_000;

export interface OperationThrottle {
  /** Takes one call from the allowance, or throws `ThrottlingException`. */
  take(call: { readonly accountId: string; readonly region: string; readonly operation: string }): void;
}

/** A token bucket per account, Region and operation that holds one second's worth of calls. */
export function createOperationThrottle(clock: Clock): OperationThrottle {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take({ accountId, region, operation }) {
      const key = `${accountId}/${region}/${operation}`;
      const rate = callsPerSecond(operation);
      const nowMs = clock.monotonicMs();
      const bucket = buckets.get(key) ?? { tokens: rate, atMs: nowMs };
      const earned = ((nowMs - bucket.atMs) / 1000) * rate;
      const tokens = Math.min(rate, bucket.tokens + earned);
      const isAllowed = tokens >= 1;
      // Set anew, so that the map stays in order of last use.
      buckets.delete(key);
      buckets.set(key, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs });
      if (buckets.size > BUCKETS_MAX) buckets.delete(buckets.keys().next().value ?? key);
      if (!isAllowed) throw new ApiError('ThrottlingException', 'Rate exceeded', { isPlatform: true });
    },
  };
}

/** What AWS lets an account call an operation in a Region each second. */
function callsPerSecond(operation: string): number {
  return RATES[operation] ?? (/^(Get|Describe|List)/.test(operation) ? READ_RATE : WRITE_RATE);
}
