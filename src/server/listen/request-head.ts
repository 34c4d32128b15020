import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { RequestHead } from '../../model/captured-call.ts';
import type { FrontRequest } from '../../record/gateway/exchange.ts';

/** Details of a TLS connection do not change while it lives. */
const tlsOfSocket = new WeakMap<object, NonNullable<RequestHead['tls']>>();

/**
 * What is known of a request when its head has arrived: headers as received, `:authority` of HTTP/2 as `host`, TLS details
 * as OpenSSL names them. `startedAt` is milliseconds since 1970 UTC.
 */
export function toRequestHead(request: FrontRequest, startedAt: number): RequestHead {
  const isHttp2 = request.httpVersionMajor === 2;
  const socket = isHttp2
    ? (request as Http2ServerRequest).stream.session?.socket
    : (request as IncomingMessage).socket;
  const tls = socket === undefined ? undefined : tlsDetails(socket as TLSSocket);
  const head = {
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: isHttp2 ? '2.0' : request.httpVersion === '1.0' ? '1.0' : '1.1',
    headers: isHttp2 ? withoutPseudoHeaders(request.rawHeaders) : request.rawHeaders,
    peerAddress: socket?.remoteAddress ?? '',
    startedAt,
  } as const;
  return tls === undefined ? head : { ...head, tls };
}

/** `host` comes first, where HTTP/1.1 clients send it; a `host` beside `:authority` is kept, so that two are seen as two. */
function withoutPseudoHeaders(raw: readonly string[]): string[] {
  const headers: string[] = [];
  let authority: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name === ':authority') authority = raw[index + 1] as string;
    if (!name.startsWith(':')) headers.push(name, raw[index + 1] as string);
  }
  if (authority === undefined) return headers;
  return ['host', authority, ...withoutEqualHost(headers, authority)];
}

/** A client may send `host` with the value of `:authority` (RFC 9113, 8.3.1); only another value is a second host. */
function withoutEqualHost(headers: readonly string[], authority: string): string[] {
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === 'host' && headers[index + 1] === authority) continue;
    kept.push(headers[index] as string, headers[index + 1] as string);
  }
  return kept;
}

function tlsDetails(socket: TLSSocket): RequestHead['tls'] {
  if (socket.encrypted !== true) return undefined;
  const known = tlsOfSocket.get(socket);
  if (known !== undefined) return known;
  const details = {
    version: socket.getProtocol() ?? 'unknown',
    cipherSuite: socket.getCipher()?.standardName ?? 'unknown',
  };
  tlsOfSocket.set(socket, details);
  return details;
}
