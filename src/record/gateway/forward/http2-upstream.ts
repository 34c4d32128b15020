import http2 from 'node:http2';
import tls from 'node:tls';
import type { RawHeaders } from '../../../model/captured-call.ts';
import { hostOf, portOf, tlsOptions, type UpstreamOptions } from './http1-upstream.ts';
import { endToEndHeaders, headerValue } from './raw-headers.ts';
import type { UpstreamCall, UpstreamFailure, UpstreamListener, UpstreamRequest } from './upstream-call.ts';

/** How long the answer "this upstream speaks no HTTP/2" is believed, in milliseconds; an upgrade is seen after it. */
const HTTP1_BELIEVED_MS = 300_000;
/** Window of a stream in bytes; at 64 KiB, the protocol's default, large bodies wait for every round trip. */
const STREAM_WINDOW_BYTES = 1_048_576;

/** What a caller sends twice is handed on twice; the types of Node know this option for servers only. */
const REPEATED_FIELDS = { strictSingleValueFields: false };

/** The HTTP/2 session to one upstream: `h2c:` in clear text, `https:` where the upstream offers it. */
export class Http2Upstream {
  readonly #options: UpstreamOptions;
  #session: http2.ClientHttp2Session | undefined;
  #opening: Promise<http2.ClientHttp2Session | undefined> | undefined;
  #http1UntilMs = 0;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** Resolves with undefined when the upstream offers HTTP/1.1 only or cannot be reached, which HTTP/1.1 then tells. */
  async session(): Promise<http2.ClientHttp2Session | undefined> {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed)
      return this.#session;
    if (this.#options.clock.monotonicMs() < this.#http1UntilMs) return undefined;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  open(
    session: http2.ClientHttp2Session,
    request: UpstreamRequest,
    listener: UpstreamListener,
  ): UpstreamCall {
    return new Http2Call(session, request, this.#options.url, listener);
  }

  close(): void {
    this.#session?.destroy();
  }

  async #open(): Promise<http2.ClientHttp2Session | undefined> {
    const { url, limits, clock } = this.#options;
    const socket = url.protocol === 'https:' ? await this.#negotiate() : undefined;
    if (url.protocol === 'https:' && socket === undefined) return undefined;
    const authority = `${url.protocol === 'https:' ? 'https' : 'http'}://${url.host}`;
    const session = http2.connect(authority, {
      ...(socket === undefined ? {} : { createConnection: () => socket }),
      ...REPEATED_FIELDS,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    });
    const opened = await new Promise<boolean>((resolve) => {
      const timer = clock.after(limits.connectTimeoutMs, () => session.destroy());
      session.once('connect', () => {
        session.setLocalWindowSize(STREAM_WINDOW_BYTES * 4);
        resolve(true);
      });
      session.once('close', () => resolve(false));
      // The reason reaches every open call through its own stream.
      session.on('error', () => resolve(false));
      session.once('connect', () => timer.cancel());
      session.once('close', () => timer.cancel());
    });
    if (!opened) return undefined;
    session.unref();
    this.#session = session;
    return session;
  }

  /** A TLS connection on which HTTP/2 was agreed; undefined otherwise. */
  #negotiate(): Promise<tls.TLSSocket | undefined> {
    const { url, limits, clock } = this.#options;
    return new Promise((resolve) => {
      const address = { host: hostOf(url), port: portOf(url) };
      const socket = tls.connect({
        ...address,
        ...tlsOptions(this.#options),
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      const timer = clock.after(limits.connectTimeoutMs, () => socket.destroy());
      socket.once('close', () => resolve(undefined));
      // What went wrong is told by the HTTP/1.1 attempt that follows.
      socket.on('error', () => resolve(undefined));
      socket.once('secureConnect', () => {
        timer.cancel();
        if (socket.alpnProtocol === 'h2') {
          resolve(socket);
          return;
        }
        this.#http1UntilMs = clock.monotonicMs() + HTTP1_BELIEVED_MS;
        socket.destroy();
      });
    });
  }
}

/** One stream: a request and its answer. */
class Http2Call implements UpstreamCall {
  #stream: http2.ClientHttp2Stream | undefined;
  readonly #listener: UpstreamListener;
  #trailersToSend: RawHeaders = [];
  #trailers: RawHeaders = [];
  #isSettled = false;
  #hasAnswer = false;

  constructor(
    session: http2.ClientHttp2Session,
    request: UpstreamRequest,
    url: URL,
    listener: UpstreamListener,
  ) {
    this.#listener = listener;
    const hasBody = request.framing.kind !== 'none';
    const options = { endStream: !hasBody, waitForTrailers: hasBody };
    try {
      this.#stream = session.request(encodeHeaders(request, url), options);
      this.#listen(request.method);
    } catch (error) {
      // Node takes no repeated `Content-Type` and its kind, and no session that was closed in this moment.
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      const reason = `the request cannot be sent over HTTP/2 (${code})`;
      setImmediate(() => this.#settle({ kind: 'malformed', reason }));
    }
  }

  write(chunk: Uint8Array): boolean {
    if (this.#stream === undefined || this.#stream.destroyed || this.#stream.writableEnded) return true;
    return this.#stream.write(chunk);
  }

  end(trailers: RawHeaders): void {
    this.#trailersToSend = trailers;
    if (this.#stream?.destroyed === false) this.#stream.end();
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  abort(): void {
    this.#isSettled = true;
    if (this.#stream?.destroyed === false) this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  #listen(method: string): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    stream.on('headers', (headers, _flags, raw?: string[]) => {
      const status = Number(headers[':status']);
      if (!this.#isSettled && status !== 101) this.#listener.onInformation(status, answerHeaders(raw ?? []));
    });
    stream.on('response', (headers, flags, raw?: string[]) => {
      if (this.#isSettled) return;
      this.#hasAnswer = true;
      const isEnded = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      const length = headers['content-length'];
      const hasNone = isEnded || method === 'HEAD';
      this.#listener.onHead({
        status: Number(headers[':status']),
        statusText: '',
        headers: answerHeaders(raw ?? []),
        framing: hasNone
          ? { kind: 'none' }
          : length === undefined
            ? { kind: 'open' }
            : { kind: 'sized', sizeBytes: Number(length) },
      });
    });
    stream.on('data', (chunk: Buffer) => {
      if (!this.#isSettled) this.#listener.onData(chunk);
    });
    stream.on('trailers', (_headers, _flags, raw?: string[]) => {
      this.#trailers = raw ?? [];
    });
    stream.on('wantTrailers', () => {
      stream.sendTrailers(this.#trailersToSend.length === 0 ? {} : trailerObject(this.#trailersToSend));
    });
    stream.on('drain', () => {
      if (!this.#isSettled) this.#listener.onDrain();
    });
    stream.on('end', () => this.#finish());
    stream.on('error', (error) => this.#fail(error));
    stream.on('close', () => this.#fail(undefined));
  }

  #finish(): void {
    if (this.#isSettled || this.#stream?.aborted || !this.#hasAnswer) return;
    this.#isSettled = true;
    this.#listener.onEnd(this.#trailers);
  }

  #fail(error: Error | undefined): void {
    const code = (error as NodeJS.ErrnoException | undefined)?.code ?? `stream code ${this.#stream?.rstCode}`;
    this.#settle({ kind: 'reset', reason: `the upstream ended the stream (${code})` });
  }

  #settle(failure: UpstreamFailure): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#listener.onFailure(failure);
  }
}

function answerHeaders(raw: RawHeaders): RawHeaders {
  const plain: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    if ((raw[index] as string).startsWith(':')) continue;
    plain.push(raw[index] as string, raw[index + 1] as string);
  }
  return endToEndHeaders(plain);
}

function encodeHeaders(request: UpstreamRequest, url: URL): string[] {
  const headers = [
    ':method',
    request.method,
    ':scheme',
    url.protocol === 'https:' ? 'https' : 'http',
    ':authority',
    headerValue(request.headers, 'host') ?? url.host,
    ':path',
    request.target,
  ];
  for (let index = 0; index < request.headers.length; index += 2) {
    const name = (request.headers[index] as string).toLowerCase();
    if (name !== 'host') headers.push(name, request.headers[index + 1] as string);
  }
  if (request.acceptsTrailers) headers.push('te', 'trailers');
  return headers;
}

function trailerObject(trailers: RawHeaders): Record<string, string[]> {
  const object: Record<string, string[]> = {};
  for (let index = 0; index < trailers.length; index += 2) {
    const name = (trailers[index] as string).toLowerCase();
    const values = object[name] ?? [];
    values.push(trailers[index + 1] as string);
    object[name] = values;
  }
  return object;
}
