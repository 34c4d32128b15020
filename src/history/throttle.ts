import type { Clock } from '../base/clock.ts';
import { ApiError } from '../model/api-error.ts';

/** AWS's published figure for `LookupEvents`: calls a second per account and Region. */
export const lookupCallsPerSecond = 2;
/**
 * Accounts and Regions that are remembered; idle ones are forgotten first, which gives them a full allowance
 * again.
 */
const bucketsMax = 10_000;

export interface Throttle {
  /** Takes one call from the allowance, or throws `ThrottlingException`. */
  take(accountId: string, region: string): void;
}

/** A token bucket per account and Region that holds one second's worth of calls. */
export function createThrottle(options: {
  readonly clock: Clock;
  readonly callsPerSecond: number;
}): Throttle {
  const { clock, callsPerSecond } = options;
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take(accountId, region) {
      const key = `${accountId}/${region}`;
      const nowMs = clock.monotonicMs();
      const bucket = buckets.get(key) ?? { tokens: callsPerSecond, atMs: nowMs };
      const earned = ((nowMs - bucket.atMs) / 1000) * callsPerSecond;
      const tokens = Math.min(callsPerSecond, bucket.tokens + earned);
      const isAllowed = tokens >= 1;
      // Set anew, so that the map stays in order of last use.
      buckets.delete(key);
      buckets.set(key, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs });
      if (buckets.size > bucketsMax) buckets.delete(buckets.keys().next().value ?? key);
      if (!isAllowed) throw new ApiError('ThrottlingException', 'Rate exceeded', { isPlatform: true });
    },
  };
}
