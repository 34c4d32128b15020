import type { Principal } from '../../identity/principal.ts';
import type { JsonObject, UserIdentity } from '../../model/cloudtrail-event.ts';

/** Who calls something that OpenTrail answers itself, after authentication, and what conditions of policies ask of a call. */
export interface Caller {
  readonly accountId: string;
  readonly region: string;
  readonly userIdentity: UserIdentity;
  readonly principal: Principal;
  readonly sourceIPAddress: string;
  readonly userAgent: string | undefined;
  /** True when the call came over TLS. */
  readonly isSecure: boolean;
}

export interface OpenTrailCall {
  readonly caller: Caller;
  /** The JSON body; for operations that take a body of their own, the query parameters as strings. */
  readonly input: JsonObject;
  /** The raw body of operations that take one; empty for others. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

export type OpenTrailAnswer =
  | { readonly kind: 'json'; readonly output: JsonObject }
  /** NDJSON; an error after the first line ends the stream with one last line `{"__type": …, "message": …}`. */
  | { readonly kind: 'stream'; readonly lines: AsyncIterable<string> };

/**
 * An operation of ours beside AWS's API: `POST /opentrail/v1/<name>`, SigV4 with signing name `opentrail`, JSON in and
 * out. Listed in `docs/api.md`. Recorded once per call with event source `opentrail.amazonaws.com`.
 */
export interface OpenTrailOperation {
  /** `SearchEvents`. */
  readonly name: string;
  /** IAM action, `opentrail:SearchEvents`. */
  readonly action: string;
  readonly isReadOnly: boolean;
  /** True when the body is not JSON but handed on as a stream (imports). */
  readonly takesBody: boolean;
  /** One sentence for `docs/api.md`. */
  readonly summary: string;
  run(call: OpenTrailCall): Promise<OpenTrailAnswer>;
}
