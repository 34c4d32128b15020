import { ApiError } from '../../model/api-error.ts';

/** Sources that are told apart; beyond it the least recent is forgotten, and begins with a full allowance. */
const SOURCES_MAX = 20_000;

/**
 * A bound on the calls that one source may have answered here, so that no client starves the rest: a token bucket for
 * each source address that holds two seconds' worth. Calls that are forwarded do not count: they cost the upstream.
 */
export class SourceBound {
  readonly #callsPerSecond: number;
  readonly #buckets = new Map<string, { tokens: number; filledAtMs: number }>();

  /** 0 calls a second stands for no bound. */
  constructor(callsPerSecond: number) {
    this.#callsPerSecond = callsPerSecond;
  }

  /** Throws `ThrottlingException` where the source has used up what it may have; `nowMs` is of the monotonic clock. */
  take(source: string, nowMs: number): void {
    const rate = this.#callsPerSecond;
    if (rate === 0) return;
    const most = rate * 2;
    const bucket = this.#buckets.get(source) ?? { tokens: most, filledAtMs: nowMs };
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.filledAtMs) / 1_000) * rate);
    bucket.filledAtMs = nowMs;
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > SOURCES_MAX) this.#buckets.delete(this.#buckets.keys().next().value ?? source);
    if (bucket.tokens < 1) {
      const message = `Rate exceeded: this server answers ${rate} calls a second from one address`;
      throw new ApiError('ThrottlingException', message, { isPlatform: true, retryAfterSeconds: 1 });
    }
    bucket.tokens -= 1;
  }
}
