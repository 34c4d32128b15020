/** Calls that may be made, and how many at once. */
export interface Allowance {
  readonly perSecond: number;
  /** What a bucket holds when it is full, as it is for a key that was not seen before. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/**
 * A token bucket for each key. Beyond a number of keys the least recent is forgotten, and begins with a full allowance.
 * Refused calls cost nothing: whoever keeps asking gets its share.
 */
export class TokenBuckets {
  readonly #keysMax: number;
  /** In order of use, the least recent first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  /** Takes one token; false where there is none. `nowMs` is of the monotonic clock. */
  take(key: string, { perSecond, burst }: Allowance, nowMs: number): boolean {
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledAtMs: nowMs };
    const earned = ((nowMs - bucket.filledAtMs) / 1_000) * perSecond;
    bucket.tokens = Math.min(burst, bucket.tokens + earned);
    bucket.filledAtMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#keysMax) this.#buckets.delete(this.#buckets.keys().next().value ?? key);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
