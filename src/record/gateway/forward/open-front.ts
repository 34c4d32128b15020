import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { RequestHead } from '../../../model/captured-call.ts';
import type { FrontRequest, FrontResponse } from '../exchange.ts';
import type { FrontSide } from './front-side.ts';
import { Http1Front } from './http1-front.ts';
import { Http2Front } from './http2-front.ts';

/** The caller's side of a request that the listener handed on. */
export function openFront(request: FrontRequest, response: FrontResponse, head: RequestHead): FrontSide {
  if (head.httpVersion === '2.0') {
    return new Http2Front(request as Http2ServerRequest, response as Http2ServerResponse, head);
  }
  return new Http1Front(request as IncomingMessage, response as ServerResponse, head);
}
