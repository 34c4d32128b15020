/** Header names and values alternating, as received: order, case and repetition kept. */
export type RawHeaders = readonly string[];

/** What is known of a request when its head has arrived. */
export interface RequestHead {
  readonly method: string;
  /** Path and query exactly as received. */
  readonly target: string;
  readonly httpVersion: '1.0' | '1.1' | '2.0';
  /** For HTTP/2, `:authority` is given as `host`. */
  readonly headers: RawHeaders;
  /** Address of the peer of the socket. */
  readonly peerAddress: string;
  /** Absent on clear-text connections. */
  readonly tls?: { readonly version: string; readonly cipherSuite: string; readonly keyExchange?: string };
  /** When the head had arrived, milliseconds since 1970 UTC. */
  readonly startedAt: number;
}

/** The first bytes of a body, as many as were asked for. */
export interface CapturedBody {
  readonly bytes: Uint8Array;
  readonly isTruncated: boolean;
  /** Bytes that passed in all. */
  readonly sizeBytes: number;
}

export interface CapturedResponse {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: CapturedBody;
}

/**
 * How a call ended: `completed`; `clientAborted` before the whole answer was sent; `upstreamAborted` halfway through its
 * answer; `upstreamUnreachable` without an answer; `refused` by OpenTrail itself before it was forwarded.
 */
export type CallOutcome =
  | 'completed'
  | 'clientAborted'
  | 'upstreamAborted'
  | 'upstreamUnreachable'
  | 'refused';

/** One call as it passed through, neutral of who answered it. */
export interface CapturedCall {
  readonly head: RequestHead;
  readonly requestBody: CapturedBody;
  readonly response?: CapturedResponse;
  readonly outcome: CallOutcome;
  /** When the last byte of the answer had passed, milliseconds since 1970 UTC. */
  readonly completedAt: number;
}
