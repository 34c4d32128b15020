import net from 'node:net';
import tls from 'node:tls';
import type { Clock } from '../../../base/clock.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { Http1Call, Http1Connection, type Http1ConnectionOwner } from './http1-connection.ts';
import type { UpstreamCall, UpstreamListener, UpstreamRequest } from './upstream-call.ts';

/** How connections to `https:` upstreams are checked, beside the certificates that Node knows. */
export interface UpstreamTls {
  /** PEM certificates of private authorities. */
  readonly ca?: string;
}

/** What an upstream's connections need. */
export interface UpstreamOptions {
  readonly url: URL;
  readonly tls: UpstreamTls;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
}

/** The HTTP/1.1 connections to one upstream: the one used last is used next, so that the others can grow old and go. */
export class Http1Upstream implements Http1ConnectionOwner {
  readonly headBytesMax: number;
  readonly #options: UpstreamOptions;
  readonly #idle: Http1Connection[] = [];
  readonly #all = new Set<Http1Connection>();

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.headBytesMax = options.limits.answerHeadBytesMax;
  }

  open(request: UpstreamRequest, listener: UpstreamListener): UpstreamCall {
    const call = new Http1Call(request, this.headBytesMax, listener);
    (this.#takeIdle() ?? this.#connect()).assign(call);
    return call;
  }

  onIdle(connection: Http1Connection): void {
    if (this.#idle.length >= this.#options.limits.idleConnectionsMax) {
      connection.drop();
      return;
    }
    connection.idleSinceMs = this.#options.clock.monotonicMs();
    this.#idle.push(connection);
  }

  onClosed(connection: Http1Connection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  retry(call: Http1Call): void {
    this.#connect().assign(call);
  }

  /** Closes what has been idle for longer than `keepAliveMs`. */
  sweep(nowMs: number): void {
    while (this.#idle.length > 0) {
      const oldest = this.#idle[0] as Http1Connection;
      if (nowMs - oldest.idleSinceMs < this.#options.limits.keepAliveMs) return;
      this.#idle.shift();
      oldest.drop();
    }
  }

  close(): void {
    for (const connection of this.#all) connection.socket.destroy();
  }

  #takeIdle(): Http1Connection | undefined {
    const nowMs = this.#options.clock.monotonicMs();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (connection.isUsable && nowMs - connection.idleSinceMs < this.#options.limits.keepAliveMs) {
        return connection;
      }
      connection.drop();
    }
  }

  #connect(): Http1Connection {
    const { url, clock, limits } = this.#options;
    const isTls = url.protocol === 'https:';
    const address = { host: hostOf(url), port: portOf(url) };
    const socket = isTls
      ? tls.connect({ ...address, ...tlsOptions(this.#options), ALPNProtocols: ['http/1.1'] })
      : net.connect({ ...address, autoSelectFamily: true });
    const connection = new Http1Connection(socket, isTls ? 'secureConnect' : 'connect', this);
    this.#all.add(connection);
    const timer = clock.after(limits.connectTimeoutMs, () => {
      if (connection.isConnected) return;
      const reason = `no connection within ${limits.connectTimeoutMs} ms`;
      connection.fail({ kind: 'timeout', reason });
    });
    socket.once(isTls ? 'secureConnect' : 'connect', () => timer.cancel());
    socket.once('close', () => timer.cancel());
    return connection;
  }
}

/** The host to connect to, without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}

/** The port to connect to, with the defaults of the scheme. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** Server name and authorities of a TLS connection; an IP address has no server name. */
export function tlsOptions(options: UpstreamOptions): { servername?: string; ca?: string } {
  const host = hostOf(options.url);
  return {
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(options.tls.ca === undefined ? {} : { ca: options.tls.ca }),
  };
}
