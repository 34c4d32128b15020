import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** A request of either HTTP version, as the listener hands it on. */
export type FrontRequest = IncomingMessage | Http2ServerRequest;
export type FrontResponse = ServerResponse | Http2ServerResponse;

/** Answers one request; rejects only by a bug, which the listener turns into a 500 with a request id. */
export type ExchangeHandler = (request: FrontRequest, response: FrontResponse) => Promise<void>;
