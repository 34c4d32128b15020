import type { RawHeaders, RequestHead } from '../../../model/captured-call.ts';
import { endToEndHeaders, headerValue } from './raw-headers.ts';
import type { BodyFraming, UpstreamRequest } from './upstream-call.ts';

/**
 * The request as it goes to the upstream. Nothing is added and nothing that is meant for the service is taken away, with
 * three exceptions that the HTTP versions demand: a `Host` for HTTP/1.0 callers that sent none, `Cookie` pieces of HTTP/2
 * joined into one header (RFC 9113, 8.2.3), and `TE: trailers` kept between two HTTP/2 hops.
 */
export function upstreamRequest(head: RequestHead, framing: BodyFraming, url: URL): UpstreamRequest {
  let headers = endToEndHeaders(head.headers);
  if (head.httpVersion === '2.0') headers = joinCookies(headers);
  if (headerValue(headers, 'host') === undefined) headers = ['Host', url.host, ...headers];
  return {
    method: head.method,
    target: head.target,
    headers,
    framing,
    acceptsTrailers: headerValue(head.headers, 'te')?.toLowerCase() === 'trailers',
    isContinueExpected: framing.kind !== 'none' && headerValue(headers, 'expect') !== undefined,
  };
}

function joinCookies(headers: RawHeaders): RawHeaders {
  const joined: string[] = [];
  let place = -1;
  for (let index = 0; index < headers.length; index += 2) {
    const isCookie = headers[index] === 'cookie';
    if (isCookie && place >= 0) {
      joined[place + 1] += `; ${headers[index + 1]}`;
      continue;
    }
    if (isCookie) place = joined.length;
    joined.push(headers[index] as string, headers[index + 1] as string);
  }
  return joined;
}
