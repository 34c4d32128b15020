import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { ExchangeHandler, FrontRequest, FrontResponse } from '../record/gateway/exchange.ts';
import { createHttp1Server, type Refusal } from './listen/http1-server.ts';
import { createHttp2Server } from './listen/http2-server.ts';
import type { ListenLimits } from './listen/listen-limits.ts';
import { sniffProtocol } from './listen/sniff-protocol.ts';
import { type ListenTelemetry, listenTelemetry } from './listen/telemetry.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 = any free port, told by `port`. */
  readonly port: number;
  /** Absent = clear text. */
  readonly tls?: ListenTls;
  readonly handler: ExchangeHandler;
  /** Told of every request that no handler sees, so that it can be recorded or counted. */
  readonly onRefused: (refusal: Refusal) => void;
  readonly limits: ListenLimits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** PEM texts. With `clientCa`, clients without a certificate of one of these issuers are refused. */
export interface ListenTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly clientCa?: string | Buffer;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Serves other certificates to connections that come from now on; throws for what cannot be used. TLS listeners only. */
  renewTls(certificates: ListenTls): void;
  /** Stops accepting, lets requests under way finish for `graceMs`, then breaks off what is left. */
  close(graceMs: number): Promise<void>;
}

/**
 * One port for HTTP/1.1 and HTTP/2, in clear text (told apart by the first bytes) or TLS (by ALPN).
 * Rejects with the system's error when the address cannot be bound.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const port = new Port(options);
  await port.bind();
  return port;
}

class Port implements Listener {
  readonly #options: ListenOptions;
  readonly #telemetry: ListenTelemetry;
  readonly #server: net.Server;
  readonly #http1: ReturnType<typeof createHttp1Server>;
  readonly #http2: ReturnType<typeof createHttp2Server>;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;
  /** One for all answers. */
  readonly #onAnswered = (): void => {
    if (this.#isClosing) setImmediate(() => this.#http1.closeIdleConnections());
  };

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#telemetry = listenTelemetry(options.metrics);
    const shared = {
      limits: options.limits,
      dispatch: (request: FrontRequest, response: FrontResponse) => this.#dispatch(request, response),
      refuse: (refusal: Refusal) => this.#refuse(refusal),
    };
    this.#http1 = createHttp1Server(shared);
    this.#http2 = createHttp2Server(shared);
    this.#http2.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    this.#server = this.#createServer();
    this.#server.maxConnections = options.limits.connectionsMax;
    this.#server.on('drop', () => this.#telemetry.refusedConnections.add());
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
  }

  get host(): string {
    return this.#options.host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  bind(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: this.#options.host, port: this.#options.port }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) =>
          this.#options.log.error('listen.failed', { reason: error.message }),
        );
        resolve();
      });
    });
  }

  renewTls(certificates: ListenTls): void {
    assert(this.#server instanceof tls.Server, 'a listener in clear text has no certificate');
    this.#server.setSecureContext(secureContext(certificates));
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#http1.closeIdleConnections();
    for (const session of this.#sessions) session.close();
    const timer = this.#options.clock.after(graceMs, () => {
      for (const session of this.#sessions) session.destroy();
      for (const socket of this.#sockets) socket.destroy();
    });
    await closed;
    timer.cancel();
    // Ends the watch over timeouts, which the server that never listened began.
    this.#http1.close();
    this.#http2.close();
  }

  #createServer(): net.Server {
    const { tls: secure, limits } = this.#options;
    if (secure === undefined) {
      return net.createServer({ noDelay: true }, (socket) => this.#sniff(socket));
    }
    const server = tls.createServer(
      {
        ...secureContext(secure),
        ALPNProtocols: ['h2', 'http/1.1'],
        handshakeTimeout: limits.headerTimeoutMs,
        ...(secure.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
      },
      (socket) => {
        if (socket.alpnProtocol === 'h2') this.#hand(socket, 'http2');
        else if (socket.alpnProtocol === 'http/1.1') this.#hand(socket, 'http1');
        else this.#sniff(socket);
      },
    );
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      this.#options.log.debug('listen.handshake_failed', { code: error.code });
    });
    return server;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    this.#telemetry.connections.set(this.#sockets.size);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#telemetry.connections.set(this.#sockets.size);
    });
  }

  #sniff(socket: Socket): void {
    const { clock, limits } = this.#options;
    sniffProtocol(socket, { clock, timeoutMs: limits.headerTimeoutMs }, (protocol) => {
      this.#hand(socket, protocol);
    });
  }

  #hand(socket: Socket, protocol: 'http1' | 'http2'): void {
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    (protocol === 'http1' ? this.#http1 : this.#http2).emit('connection', socket);
    // Bytes that were put back are read as soon as the server listens to the socket.
    if (protocol === 'http1') socket.resume();
  }

  #dispatch(request: FrontRequest, response: FrontResponse): void {
    if (this.#isClosing && request.httpVersionMajor === 1) {
      (response as ServerResponse).shouldKeepAlive = false;
    }
    if (request.rawHeaders.length / 2 > this.#options.limits.headersCountMax) {
      const peerAddress = (request as IncomingMessage).socket?.remoteAddress ?? '';
      this.#refuse({ peerAddress, status: 431, reason: 'too many header fields' });
      answerPlainly(response, 431, 'too many header fields');
      return;
    }
    // A connection that becomes idle while the port closes would otherwise be kept for a request that may not come.
    response.on('close', this.#onAnswered);
    this.#options.handler(request, response).catch((error: unknown) => this.#fail(error, response));
  }

  /** A bug of ours: told to the log with its stack, to the caller without. */
  #fail(error: unknown, response: FrontResponse): void {
    this.#telemetry.handlerFailures.add();
    const stack = error instanceof Error ? error.stack : String(error);
    this.#options.log.error('listen.handler_failed', { stack });
    if (response.headersSent) response.destroy();
    else answerPlainly(response, 500, 'internal error; the log of the server has the details');
  }

  #refuse(refusal: Refusal): void {
    this.#telemetry.malformedRequests.add(1, { status: String(refusal.status) });
    this.#options.onRefused(refusal);
  }
}

function secureContext({ cert, key, clientCa }: ListenTls) {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2' as const,
    ...(clientCa === undefined ? {} : { ca: clientCa }),
  };
}

function answerPlainly(response: FrontResponse, status: number, message: string): void {
  const body = `opentrail: ${message}\n`;
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length };
  const answer = response as ServerResponse;
  if (answer.req.httpVersionMajor === 1) answer.shouldKeepAlive = false;
  answer.writeHead(status, headers);
  answer.end(body);
}
