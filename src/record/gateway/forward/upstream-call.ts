import type { RawHeaders } from '../../../model/captured-call.ts';

/** How the body of a request or an answer is delimited. */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'sized'; readonly sizeBytes: number }
  | { readonly kind: 'open' };

/** A request as it goes to the upstream: end-to-end headers only, in the order, case and repetition of the caller's. */
export interface UpstreamRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: RawHeaders;
  readonly framing: BodyFraming;
  /** The caller waits for a 100 before it sends its body, so the head must not wait for the body. */
  readonly isContinueExpected: boolean;
  /** `TE: trailers` was sent; gRPC-like services refuse calls without it. Meant for HTTP/2 upstreams only. */
  readonly acceptsTrailers: boolean;
}

/** The head of the final answer; `headers` are end-to-end only. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly framing: BodyFraming;
}

/**
 * `unreachable` no connection; `timeout` silent for too long; `malformed` not HTTP, or framing that could be read in two
 * ways; `reset` the connection ended before the answer did.
 */
export type UpstreamFailureKind = 'unreachable' | 'timeout' | 'malformed' | 'reset';

export interface UpstreamFailure {
  readonly kind: UpstreamFailureKind;
  /** Lower case, no full stop, without what the caller sent. */
  readonly reason: string;
}

/** What an upstream call tells. After `onEnd` or `onFailure`, which come once and exclude each other, nothing else comes. */
export interface UpstreamListener {
  /** An interim answer (100 to 199, never 101). */
  onInformation(status: number, headers: RawHeaders): void;
  onHead(head: AnswerHead): void;
  onData(chunk: Uint8Array): void;
  onEnd(trailers: RawHeaders): void;
  onFailure(failure: UpstreamFailure): void;
  /** More of the request body may be written. */
  onDrain(): void;
}

/** One request that is on its way. */
export interface UpstreamCall {
  /** Sends a part of the request body; false means: wait for `onDrain`. */
  write(chunk: Uint8Array): boolean;
  /** Ends the request body. Not called for requests whose framing is `none`. */
  end(trailers: RawHeaders): void;
  /** Stops and restarts the flow of the answer; a bounded rest that was already read may still come. */
  pause(): void;
  resume(): void;
  /** Breaks the call off so that the upstream notices; no listener method is called any more. */
  abort(): void;
}
