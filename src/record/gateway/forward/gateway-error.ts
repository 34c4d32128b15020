import type { RawHeaders } from '../../../model/captured-call.ts';
import type { Recognition } from '../recognition.ts';

/** Why the gateway answers in its own name. */
export type GatewayErrorKind =
  | 'badRequest'
  | 'methodNotAllowed'
  | 'expectationFailed'
  | 'noUpstream'
  | 'upstreamUnreachable'
  | 'upstreamTimeout'
  | 'upstreamMalformed'
  | 'recordingUnavailable';

/** An answer of our own. */
export interface GatewayError {
  readonly kind: GatewayErrorKind;
  readonly status: number;
  /** Public text: what is wrong and what to do; without what the caller sent. */
  readonly message: string;
  /** For 503: seconds. */
  readonly retryAfterSeconds?: number;
}

/** Such an answer in the shape of a protocol family. `Content-Length` is set by the gateway. */
export type GatewayErrorAnswer = (
  recognition: Recognition,
  error: GatewayError,
) => { readonly status: number; readonly headers: RawHeaders; readonly body: Uint8Array };

/** Plain text; for protocols that are not known. */
export const plainGatewayError: GatewayErrorAnswer = (_recognition, error) => ({
  status: error.status,
  headers: [
    'Content-Type',
    'text/plain; charset=utf-8',
    ...(error.retryAfterSeconds === undefined ? [] : ['Retry-After', String(error.retryAfterSeconds)]),
  ],
  body: Buffer.from(`opentrail: ${error.message}\n`),
});
