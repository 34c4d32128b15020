import http2 from 'node:http2';
import type { FrontRequest, FrontResponse } from '../../record/gateway/exchange.ts';
import type { Refusal } from './http1-server.ts';
import type { ListenLimits } from './listen-limits.ts';

/** Window of a stream in bytes; at 64 KiB, the protocol's default, large uploads wait for every round trip. */
const STREAM_WINDOW_BYTES = 1_048_576;
/** Buffers of one session in megabytes; beyond it new streams are refused, and Node's 10 are ten uploads. */
const SESSION_MEGABYTES_MAX = 128;
/** Malformed frames after which a session is closed; each was refused by itself. */
const INVALID_FRAMES_MAX = 100;

export interface Http2ServerOptions {
  readonly limits: ListenLimits;
  readonly dispatch: (request: FrontRequest, response: FrontResponse) => void;
  readonly refuse: (refusal: Refusal) => void;
}

/**
 * An HTTP/2 server that is handed its connections, of clear text or TLS. Rapid resets are bounded by `node:http2` itself
 * (a burst of 1,000, then 33 a second), beyond which the session is closed.
 */
export function createHttp2Server(options: Http2ServerOptions): http2.Http2Server {
  const { limits, dispatch, refuse } = options;
  const server = http2.createServer({
    maxHeaderListPairs: limits.headersCountMax + PSEUDO_HEADERS_COUNT,
    // What a service answers twice is handed on twice.
    strictSingleValueFields: false,
    maxSessionMemory: SESSION_MEGABYTES_MAX,
    maxSessionInvalidFrames: INVALID_FRAMES_MAX,
    settings: {
      maxConcurrentStreams: limits.streamsMax,
      maxHeaderListSize: limits.headerBytesMax,
      initialWindowSize: STREAM_WINDOW_BYTES,
      enablePush: false,
      enableConnectProtocol: false,
    },
  });
  server.on('request', dispatch);
  server.on('checkContinue', dispatch);
  server.on('session', (session) => {
    session.setLocalWindowSize(STREAM_WINDOW_BYTES * 4);
    session.setTimeout(limits.idleTimeoutMs, () => session.close());
    session.on('error', (error: NodeJS.ErrnoException) => {
      const peerAddress = session.socket?.remoteAddress ?? '';
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') {
        refuse({ peerAddress, status: 0, reason: `${error.code ?? 'http2'}: ${error.message}` });
      }
    });
  });
  // Reported by the session's own error.
  server.on('sessionError', () => {});
  return server;
}

const PSEUDO_HEADERS_COUNT = 4;
