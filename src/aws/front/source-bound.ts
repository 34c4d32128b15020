import { TokenBuckets } from '../../base/token-buckets.ts';
import { ApiError } from '../../model/api-error.ts';

/** Sources that are told apart. */
const SOURCES_MAX = 20_000;

/**
 * A bound on the calls that one source may have answered here, so that no client starves the rest: a token bucket for
 * each source address that holds two seconds' worth. Calls that are forwarded do not count: they cost the upstream.
 */
export class SourceBound {
  readonly #callsPerSecond: number;
  readonly #buckets = new TokenBuckets(SOURCES_MAX);

  /** 0 calls a second stands for no bound. */
  constructor(callsPerSecond: number) {
    this.#callsPerSecond = callsPerSecond;
  }

  /** Throws `ThrottlingException` where the source has used up what it may have; `nowMs` is of the monotonic clock. */
  take(source: string, nowMs: number): void {
    const perSecond = this.#callsPerSecond;
    if (perSecond === 0 || this.#buckets.take(source, { perSecond, burst: perSecond * 2 }, nowMs)) return;
    const message = `Rate exceeded: this server answers ${perSecond} calls a second from one address`;
    throw new ApiError('ThrottlingException', message, { isPlatform: true, retryAfterSeconds: 1 });
  }
}
