import type {
  CallOutcome,
  CapturedBody,
  CapturedResponse,
  RawHeaders,
} from '../../../model/captured-call.ts';
import { BodyCapture } from './body-capture.ts';
import type { FrontSide } from './front-side.ts';
import type {
  AnswerHead,
  UpstreamCall,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream-call.ts';
import type { OpenCall } from './upstream-pool.ts';

/** What came of an exchange. */
export interface RelayResult {
  readonly outcome: Exclude<CallOutcome, 'refused'>;
  readonly requestBody: CapturedBody;
  readonly response?: CapturedResponse;
  /** Set when the upstream failed before anything was answered: the caller still has to be told. */
  readonly failure?: UpstreamFailure;
}

export interface RelayOptions {
  readonly front: FrontSide;
  readonly requestCaptureBytes: number;
  readonly responseCaptureBytes: number;
  /** Takes the place of `responseCaptureBytes` for an answer with status 300 or more, where it is larger. */
  readonly errorCaptureBytes: number;
  /** Counts up while time passes; an exchange notes its value whenever bytes move. */
  readonly ticks: { readonly count: number };
  /** `blocking` calls: the last bytes of the answer wait until this has resolved. Never rejects. */
  readonly release: ((result: RelayResult) => Promise<void>) | undefined;
}

/**
 * Moves one request and its answer between caller and upstream: both ways at once, with backpressure, keeping the first
 * bytes of each. Either side's end reaches the other.
 *
 * Life: `listen` attaches to the caller; what it sends waits until `forward` opens the call to the upstream; the result
 * settles once, when the whole answer was handed to the network or either side broke off.
 *
 * It listens to the upstream itself rather than by an object of functions, which every call would have to make.
 */
export class Relay implements UpstreamListener {
  readonly #options: RelayOptions;
  readonly #front: FrontSide;
  readonly #requestCapture: BodyCapture;
  #responseCapture: BodyCapture | undefined;
  readonly #settled = Promise.withResolvers<RelayResult>();
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #waitingBytesMax = 0;
  #onGathered: (() => void) | undefined;
  #requestTrailers: RawHeaders | undefined;
  #upstream: UpstreamCall | undefined;
  #head: AnswerHead | undefined;
  #isHeadSent = false;
  #lastChunk: Uint8Array | undefined;
  #answeredBytes = 0;
  #isAnswerEnded = false;
  #isSettled = false;
  /** Value of `ticks` when bytes moved last. */
  lastTick: number;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#front = options.front;
    this.#requestCapture = new BodyCapture(options.requestCaptureBytes);
    this.lastTick = options.ticks.count;
  }

  /** True when the exchange is over, such as when the caller left before the call was forwarded. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** What was captured of the request so far. */
  capturedRequest(): CapturedBody {
    return this.#requestCapture.finish();
  }

  /** Attaches to the caller. Up to `waitingBytesMax` of the request are read before the call is forwarded. */
  listen(waitingBytesMax: number): void {
    this.#waitingBytesMax = waitingBytesMax;
    this.#front.listen({
      onData: (chunk) => this.#takeRequest(chunk),
      onEnd: (trailers) => this.#endRequest(trailers),
      onDrain: () => this.#upstream?.resume(),
      onClosed: (isComplete) => this.#closeFront(isComplete),
    });
  }

  /** Resolves when the whole request or `waitingBytesMax` of it is there, or the caller has left. */
  gathered(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#requestTrailers !== undefined || this.#isSettled) resolve();
      else this.#onGathered = resolve;
    });
  }

  /** Opens the call to the upstream and runs the exchange to its end. Never rejects. */
  forward(open: OpenCall, request: UpstreamRequest): Promise<RelayResult> {
    if (this.#isSettled) return this.#settled.promise;
    this.lastTick = this.#options.ticks.count;
    const upstream = open(request, this);
    this.#upstream = upstream;
    const waiting = this.#waiting;
    if (waiting.length > 0) this.#waiting = [];
    for (const chunk of waiting) upstream.write(chunk);
    if (this.#requestTrailers !== undefined) upstream.end(this.#requestTrailers);
    else if (waiting.length > 0) this.#front.resume();
    return this.#settled.promise;
  }

  /** The upstream was silent for too long. */
  expire(idleMs: number): void {
    if (this.#isSettled || this.#isAnswerEnded) return;
    this.#upstream?.abort();
    this.onFailure({ kind: 'timeout', reason: `the upstream was silent for ${idleMs} ms` });
  }

  #takeRequest(chunk: Uint8Array): void {
    this.lastTick = this.#options.ticks.count;
    this.#requestCapture.add(chunk);
    if (this.#upstream !== undefined) {
      if (!this.#upstream.write(chunk)) this.#front.pause();
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes >= this.#waitingBytesMax) {
      this.#front.pause();
      this.#onGathered?.();
    }
  }

  #endRequest(trailers: RawHeaders): void {
    this.#requestTrailers = trailers;
    this.#upstream?.end(trailers);
    this.#onGathered?.();
  }

  onInformation(status: number, headers: RawHeaders): void {
    this.#guard(() => this.#front.inform(status, headers));
  }

  onHead(head: AnswerHead): void {
    this.lastTick = this.#options.ticks.count;
    this.#head = head;
    const { responseCaptureBytes, errorCaptureBytes } = this.#options;
    const bytesMax = Math.max(responseCaptureBytes, head.status >= 300 ? errorCaptureBytes : 0);
    this.#responseCapture = new BodyCapture(bytesMax);
    // An answer without a body has no last bytes but its head.
    if (isBodyless(head)) return;
    this.#sendHead();
    process.nextTick(() => {
      if (this.#answeredBytes === 0 && !this.#isAnswerEnded && !this.#isSettled) this.#front.flush();
    });
  }

  #sendHead(): void {
    if (this.#isHeadSent || this.#head === undefined) return;
    const head = this.#head;
    this.#isHeadSent = this.#guard(() => this.#front.answer(head));
  }

  /**
   * Hands on what the upstream said. Node refuses some of it by an exception, such as a `Trailer` beside a
   * `Content-Length`; that breaks the call off as a malformed answer does, and nothing else.
   */
  #guard(handOn: () => void): boolean {
    try {
      handOn();
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      this.#upstream?.abort();
      this.onFailure({ kind: 'malformed', reason: `the upstream's answer cannot be handed on (${code})` });
      return false;
    }
  }

  onDrain(): void {
    this.#front.resume();
  }

  onData(chunk: Uint8Array): void {
    this.lastTick = this.#options.ticks.count;
    this.#responseCapture?.add(chunk);
    this.#answeredBytes += chunk.byteLength;
    const framing = this.#head?.framing;
    if (framing?.kind === 'sized' && this.#answeredBytes >= framing.sizeBytes) {
      this.#lastChunk = chunk;
      return;
    }
    if (!this.#isSettled && !this.#front.write(chunk)) this.#upstream?.pause();
  }

  onEnd(trailers: RawHeaders): void {
    this.#isAnswerEnded = true;
    const release = this.#options.release;
    if (release === undefined) {
      this.#finishAnswer(trailers);
      return;
    }
    void release(this.#result('completed')).then(() => this.#finishAnswer(trailers));
  }

  #finishAnswer(trailers: RawHeaders): void {
    if (this.#isSettled) return;
    this.#sendHead();
    if (!this.#isSettled) this.#guard(() => this.#front.end(this.#lastChunk, trailers));
  }

  onFailure(failure: UpstreamFailure): void {
    if (this.#isSettled) return;
    if (this.#isHeadSent) {
      this.#settle(this.#result('upstreamAborted'));
      this.#front.abort();
      return;
    }
    const outcome = this.#head === undefined ? 'upstreamUnreachable' : 'upstreamAborted';
    this.#settle({ ...this.#result(outcome), failure });
  }

  #closeFront(isComplete: boolean): void {
    if (this.#isSettled) return;
    if (!this.#isAnswerEnded || this.#upstream === undefined) this.#upstream?.abort();
    else if (this.#requestTrailers === undefined && this.#front.framing.kind !== 'none')
      this.#upstream.abort();
    this.#settle(this.#result(isComplete ? 'completed' : 'clientAborted'));
    this.#onGathered?.();
  }

  #result(outcome: RelayResult['outcome']): RelayResult {
    const requestBody = this.#requestCapture.finish();
    const head = this.#head;
    const body = this.#responseCapture?.finish();
    if (head === undefined || body === undefined) return { outcome, requestBody };
    return { outcome, requestBody, response: { status: head.status, headers: head.headers, body } };
  }

  #settle(result: RelayResult): void {
    this.#isSettled = true;
    this.#settled.resolve(result);
  }
}

function isBodyless(head: AnswerHead): boolean {
  return head.framing.kind === 'none' || (head.framing.kind === 'sized' && head.framing.sizeBytes === 0);
}
