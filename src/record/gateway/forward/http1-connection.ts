import type { Socket } from 'node:net';
import type { RawHeaders } from '../../../model/captured-call.ts';
import { type AnswerListener, Http1AnswerParser, MalformedAnswerError } from './http1-answer-parser.ts';
import type {
  AnswerHead,
  UpstreamCall,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream-call.ts';

/** Bodies up to this size travel in one write with their head; above it copying costs more than a second write. */
const JOINED_WRITE_BYTES_MAX = 16_384;
/** Methods that may be sent again when a kept connection turns out to be closed (RFC 9110, 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What a connection tells its pool. */
export interface Http1ConnectionOwner {
  readonly headBytesMax: number;
  onIdle(connection: Http1Connection): void;
  onClosed(connection: Http1Connection): void;
  /** Sends the same call over a new connection. */
  retry(call: Http1Call): void;
}

/** One connection to an upstream: one call at a time, kept for the next one. */
export class Http1Connection {
  readonly socket: Socket;
  idleSinceMs = 0;
  isReused = false;
  readonly #owner: Http1ConnectionOwner;
  #call: Http1Call | undefined;
  #isConnected = false;
  #error: Error | undefined;

  constructor(socket: Socket, connectedEvent: 'connect' | 'secureConnect', owner: Http1ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    socket.setNoDelay(true);
    socket.once(connectedEvent, () => {
      this.#isConnected = true;
    });
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#call?.listener.onDrain());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#onClose());
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get isUsable(): boolean {
    return !this.socket.destroyed && this.socket.writable && !this.socket.readableEnded;
  }

  assign(call: Http1Call): void {
    this.#call = call;
    call.begin(this);
  }

  /** Fails the call that is under way and closes. */
  fail(failure: UpstreamFailure): void {
    const call = this.#call;
    this.#call = undefined;
    this.socket.destroy();
    call?.listener.onFailure(failure);
  }

  /** Closes without telling the call. */
  drop(): void {
    this.#call = undefined;
    this.socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const call = this.#call;
    if (call === undefined) {
      this.socket.destroy();
      return;
    }
    try {
      call.parser.execute(chunk);
    } catch (error) {
      if (!(error instanceof MalformedAnswerError)) throw error;
      if (call.isAnswered) this.drop();
      else this.fail({ kind: 'malformed', reason: error.message });
      return;
    }
    if (call.isAnswered && this.#call === call) this.#finish(call);
  }

  #finish(call: Http1Call): void {
    this.#call = undefined;
    if (!call.isReusable || !this.isUsable) {
      this.socket.destroy();
      return;
    }
    this.isReused = true;
    this.socket.resume();
    this.#owner.onIdle(this);
  }

  #onEnd(): void {
    const call = this.#call;
    if (call?.parser.finish()) this.drop();
    else if (call === undefined) this.socket.destroy();
    else this.#break(call);
  }

  #onClose(): void {
    const call = this.#call;
    if (call !== undefined) this.#break(call);
    this.#owner.onClosed(this);
  }

  #break(call: Http1Call): void {
    this.#call = undefined;
    this.socket.destroy();
    if (call.isRepeatable && this.isReused && !call.parser.hasBegun) {
      this.#owner.retry(call);
      return;
    }
    const code = (this.#error as NodeJS.ErrnoException | undefined)?.code ?? this.#error?.message;
    if (!this.#isConnected) {
      call.listener.onFailure({ kind: 'unreachable', reason: `no connection (${code ?? 'closed'})` });
      return;
    }
    const where = call.parser.hasBegun ? 'before its answer was complete' : 'without an answer';
    const cause = code === undefined ? '' : ` (${code})`;
    call.listener.onFailure({ kind: 'reset', reason: `the upstream closed the connection ${where}${cause}` });
  }
}

/** One request and its answer on an `Http1Connection`. */
export class Http1Call implements UpstreamCall, AnswerListener {
  readonly listener: UpstreamListener;
  readonly #request: UpstreamRequest;
  readonly #headBytesMax: number;
  #connection: Http1Connection | undefined;
  #parser: Http1AnswerParser;
  #pendingHead: string | undefined;
  #sentBytes = 0;
  #isRequestEnded: boolean;
  #isAnswered = false;
  #isReusable = false;

  constructor(request: UpstreamRequest, headBytesMax: number, listener: UpstreamListener) {
    this.#request = request;
    this.listener = listener;
    this.#headBytesMax = headBytesMax;
    this.#isRequestEnded = request.framing.kind === 'none';
    this.#parser = this.#newParser();
  }

  get parser(): Http1AnswerParser {
    return this.#parser;
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Whether the connection may carry another call: an answer that came before the whole request spoils it. */
  get isReusable(): boolean {
    return this.#isReusable && this.#isRequestEnded && this.#pendingHead === undefined;
  }

  get isRepeatable(): boolean {
    return this.#request.framing.kind === 'none' && SAFE_METHODS.has(this.#request.method);
  }

  begin(connection: Http1Connection): void {
    if (this.#connection !== undefined) this.#parser = this.#newParser();
    this.#connection = connection;
    const head = encodeHead(this.#request);
    if (this.#request.framing.kind === 'none' || this.#request.isContinueExpected) {
      connection.socket.write(head, 'latin1');
      return;
    }
    this.#pendingHead = head;
    flushSoon(this);
  }

  write(chunk: Uint8Array): boolean {
    const socket = this.#connection?.socket;
    if (socket === undefined || socket.destroyed || chunk.byteLength === 0) return true;
    this.#sentBytes += chunk.byteLength;
    const head = this.#pendingHead;
    this.#pendingHead = undefined;
    if (this.#request.framing.kind === 'open') {
      socket.cork();
      socket.write(`${head ?? ''}${chunk.byteLength.toString(16)}\r\n`, 'latin1');
      socket.write(chunk);
      socket.write('\r\n', 'latin1');
      socket.uncork();
    } else if (head === undefined) {
      socket.write(chunk);
    } else if (chunk.byteLength <= JOINED_WRITE_BYTES_MAX) {
      const joined = Buffer.allocUnsafe(head.length + chunk.byteLength);
      joined.write(head, 0, 'latin1');
      joined.set(chunk, head.length);
      socket.write(joined);
    } else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(chunk);
      socket.uncork();
    }
    return !socket.writableNeedDrain;
  }

  end(trailers: RawHeaders): void {
    this.flushHead();
    this.#isRequestEnded = true;
    const framing = this.#request.framing;
    if (framing.kind === 'open') this.#connection?.socket.write(encodeLastChunk(trailers), 'latin1');
    if (framing.kind === 'sized' && framing.sizeBytes !== this.#sentBytes) {
      this.#connection?.fail({
        kind: 'reset',
        reason: 'the request body was not as long as its Content-Length',
      });
    }
  }

  pause(): void {
    this.#connection?.socket.pause();
  }

  resume(): void {
    if (!this.#isAnswered) this.#connection?.socket.resume();
  }

  abort(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (!this.#isAnswered) connection?.drop();
  }

  /** Sends the head by itself when the body was not there to travel with it. */
  flushHead(): void {
    const head = this.#pendingHead;
    if (head === undefined) return;
    this.#pendingHead = undefined;
    const socket = this.#connection?.socket;
    if (socket !== undefined && !socket.destroyed) socket.write(head, 'latin1');
  }

  onInformation(status: number, headers: RawHeaders): void {
    this.listener.onInformation(status, headers);
  }

  onHead(head: AnswerHead): void {
    this.listener.onHead(head);
  }

  onData(chunk: Uint8Array): void {
    this.listener.onData(chunk);
  }

  onEnd(trailers: RawHeaders, isReusable: boolean): void {
    this.#isAnswered = true;
    this.#isReusable = isReusable;
    this.listener.onEnd(trailers);
  }

  #newParser(): Http1AnswerParser {
    return new Http1AnswerParser(this.#request.method, this.#headBytesMax, this);
  }
}

/** Calls whose head waits for the first bytes of the body; one turn of the loop flushes all of them. */
let waitingForBody: Http1Call[] = [];

function flushSoon(call: Http1Call): void {
  if (waitingForBody.length === 0) setImmediate(flushWaiting);
  waitingForBody.push(call);
}

function flushWaiting(): void {
  const calls = waitingForBody;
  waitingForBody = [];
  for (const call of calls) call.flushHead();
}

function encodeHead(request: UpstreamRequest): string {
  let head = `${request.method} ${request.target} HTTP/1.1\r\n`;
  const headers = request.headers;
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  return `${head}${request.framing.kind === 'open' ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`;
}

function encodeLastChunk(trailers: RawHeaders): string {
  let text = '0\r\n';
  for (let index = 0; index < trailers.length; index += 2) {
    text += `${trailers[index]}: ${trailers[index + 1]}\r\n`;
  }
  return `${text}\r\n`;
}
