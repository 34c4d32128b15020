import http from 'node:http';
import type { Duplex } from 'node:stream';
import type { FrontRequest, FrontResponse } from '../../record/gateway/exchange.ts';
import type { ListenLimits } from './listen-limits.ts';

/** A request that no handler sees: its bytes could not be read as HTTP, or it is a `CONNECT`. */
export interface Refusal {
  readonly peerAddress: string;
  /** Status that was answered; 0 when the connection was closed without an answer. */
  readonly status: number;
  /** Lower case, no full stop; without what the caller sent. */
  readonly reason: string;
}

export interface Http1ServerOptions {
  readonly limits: ListenLimits;
  readonly dispatch: (request: FrontRequest, response: FrontResponse) => void;
  readonly refuse: (refusal: Refusal) => void;
}

/** Codes of `node:http` and of its parser with the status that they deserve; 400 for every other. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Errors of a connection that ended, where there is nobody left to answer. */
const CONNECTION_ENDED = new Set([
  'ECONNRESET',
  'EPIPE',
  'HPE_INVALID_EOF_STATE',
  'ECONNABORTED',
  'ETIMEDOUT',
]);

/**
 * An HTTP/1.1 server that is handed its connections: it never listens itself. Strict parsing (no lenient flags); `Expect`
 * is left to the handler, upgrades are ordinary requests.
 */
export function createHttp1Server(options: Http1ServerOptions): http.Server {
  const { limits } = options;
  const dispatch = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    if (request.httpVersion === '1.1' || request.httpVersion === '1.0') options.dispatch(request, response);
    else refuseVersion(request, options);
  };
  const server = http.createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headerTimeoutMs),
    insecureHTTPParser: false,
    requireHostHeader: false,
    noDelay: true,
  });
  // `node:http` cuts headers beyond its count off in silence; the handler refuses them instead.
  server.maxHeadersCount = 0;
  server.timeout = limits.idleTimeoutMs;
  server.on('request', dispatch);
  server.on('checkContinue', dispatch);
  server.on('checkExpectation', dispatch);
  server.on('connect', (request, socket) => {
    socket.on('error', () => socket.destroy());
    answerAndClose(socket, 405, 'CONNECT is not served');
    const peerAddress = request.socket.remoteAddress ?? '';
    options.refuse({ peerAddress, status: 405, reason: 'method CONNECT is not served' });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuseConnection(error, socket, options),
  );
  // The timeouts of heads and requests are watched from this event on, which an unlistening server never sends.
  server.emit('listening');
  return server;
}

/** The parser lets `HTTP/0.9` and `HTTP/2.0` pass as versions of a request line; nobody means them. */
function refuseVersion(request: http.IncomingMessage, options: Http1ServerOptions): void {
  answerAndClose(request.socket, 505, 'this HTTP version is not served');
  const peerAddress = request.socket.remoteAddress ?? '';
  options.refuse({ peerAddress, status: 505, reason: `version ${request.httpVersion} is not served` });
}

function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex, options: Http1ServerOptions): void {
  const code = error.code ?? '';
  const peerAddress = (socket as { remoteAddress?: string }).remoteAddress ?? '';
  if (CONNECTION_ENDED.has(code) || !socket.writable) {
    socket.destroy();
    // A request that was cut off was never complete, so nothing was asked and nothing denied.
    return;
  }
  const status = STATUS_OF_CODE[code] ?? 400;
  const reason = (error as { reason?: string }).reason ?? error.message;
  options.refuse({ peerAddress, status, reason: `${code === '' ? 'unreadable' : code}: ${reason}` });
  answerAndClose(socket, status, 'the request cannot be read as HTTP');
}

function answerAndClose(socket: Duplex, status: number, message: string): void {
  const body = `opentrail: ${message}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
