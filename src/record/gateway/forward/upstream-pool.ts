import type { Clock, Timer } from '../../../base/clock.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { Http1Upstream, type UpstreamTls } from './http1-upstream.ts';
import { Http2Upstream } from './http2-upstream.ts';
import type { UpstreamCall, UpstreamListener, UpstreamRequest } from './upstream-call.ts';

/** Sends one request over a connection that was chosen. */
export type OpenCall = (request: UpstreamRequest, listener: UpstreamListener) => UpstreamCall;

/** How often idle connections are looked through, in milliseconds. */
const SWEEP_INTERVAL_MS = 1_000;

interface Origin {
  readonly http1: Http1Upstream;
  readonly http2: Http2Upstream | undefined;
}

/** Connections to every upstream of the configuration, by origin. */
export class UpstreamPool {
  readonly #limits: GatewayLimits;
  readonly #clock: Clock;
  readonly #tls: UpstreamTls;
  readonly #origins = new Map<string, Origin>();
  /** The same by the configuration's own objects, whose parts cost more to read than a call's headers. */
  #originsOfUrls = new WeakMap<URL, Origin>();
  #timer: Timer;

  constructor(options: {
    readonly limits: GatewayLimits;
    readonly clock: Clock;
    readonly tls: UpstreamTls;
  }) {
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#tls = options.tls;
    this.#timer = this.#schedule();
  }

  /** HTTP/2 where the caller speaks it and the upstream offers it, else HTTP/1.1. */
  select(url: URL, prefersHttp2: boolean): OpenCall | Promise<OpenCall> {
    const origin = this.#origin(url);
    const overHttp1: OpenCall = (request, listener) => origin.http1.open(request, listener);
    if (!prefersHttp2 || origin.http2 === undefined) return overHttp1;
    const upstream = origin.http2;
    return upstream.session().then((session): OpenCall => {
      if (session === undefined) return overHttp1;
      return (request, listener) => upstream.open(session, request, listener);
    });
  }

  close(): void {
    this.#timer.cancel();
    for (const origin of this.#origins.values()) {
      origin.http1.close();
      origin.http2?.close();
    }
    this.#origins.clear();
    this.#originsOfUrls = new WeakMap();
  }

  #origin(url: URL): Origin {
    const known = this.#originsOfUrls.get(url);
    if (known !== undefined) return known;
    const origin = this.#originOfAddress(url);
    this.#originsOfUrls.set(url, origin);
    return origin;
  }

  #originOfAddress(url: URL): Origin {
    const key = `${url.protocol}//${url.host}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const options = { url, tls: this.#tls, limits: this.#limits, clock: this.#clock };
    const offersHttp2 = url.protocol === 'https:' || url.protocol === 'h2c:';
    const origin = {
      http1: new Http1Upstream(options),
      http2: offersHttp2 ? new Http2Upstream(options) : undefined,
    };
    this.#origins.set(key, origin);
    return origin;
  }

  #schedule(): Timer {
    return this.#clock.after(SWEEP_INTERVAL_MS, () => {
      const nowMs = this.#clock.monotonicMs();
      for (const origin of this.#origins.values()) origin.http1.sweep(nowMs);
      this.#timer = this.#schedule();
    });
  }
}
