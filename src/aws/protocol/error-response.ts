import { encode } from 'cbor-x';
import { ApiError } from '../../model/api-error.ts';
import { serviceTables } from '../../record/gateway/recognise/service-tables.ts';
import type { WireProtocol } from '../../record/gateway/recognition.ts';
import { modelledStatus } from './modelled-status.ts';

/** What decides the shape of an error: a `Recognition` is one. */
export interface ErrorTarget {
  readonly protocol: WireProtocol;
  /** Key of the service in the tables, or its signing name. */
  readonly service: string | undefined;
}

/** `observed`: 400 for every modelled error, as recorded from AWS; `modelled`: what the Smithy model says. */
export type ErrorStatus = 'observed' | 'modelled';

export interface WireResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** Platform errors whose status is not 400 on the JSON services; everything else of the caller's is. */
const platformStatus: Readonly<Record<string, number>> = {
  RequestEntityTooLargeException: 413,
  RequestTimeoutException: 408,
  InternalFailure: 500,
  ServiceUnavailable: 503,
};

/** Codes that query services spell otherwise, and their status. */
const queryCodes: Readonly<Record<string, readonly [code: string, status: number]>> = {
  AccessDeniedException: ['AccessDenied', 403],
  ThrottlingException: ['Throttling', 400],
};

/**
 * The only place that knows how an error looks on the wire.
 *
 * Modelled errors answer 400, as recorded from the real service, although its model names other statuses.
 */
export function errorResponse(
  target: ErrorTarget,
  given: ApiError,
  answer: { readonly requestId: string; readonly errorStatus?: ErrorStatus | undefined },
): WireResponse {
  const { requestId } = answer;
  const error = target.protocol === 'query' ? inQueryTerms(given) : given;
  const modelled = answer.errorStatus === 'modelled' ? modelledStatus[error.code] : undefined;
  const status = error.status ?? modelled ?? platformStatus[error.code] ?? 400;
  const shape = shapeOf(target, { error, requestId, status });
  const headers: (readonly [string, string])[] = [
    ['x-amzn-RequestId', requestId],
    ['Content-Type', shape.contentType],
    ...shape.headers,
  ];
  if (error.retryAfterSeconds !== undefined) headers.push(['Retry-After', String(error.retryAfterSeconds)]);
  return { status, headers, body: shape.body };
}

function inQueryTerms(error: ApiError): ApiError {
  const spelled = queryCodes[error.code];
  if (spelled === undefined) return error;
  const [code, status] = spelled;
  return new ApiError(code, error.message, { isPlatform: true, status, cause: error });
}

interface Failure {
  readonly error: ApiError;
  readonly requestId: string;
  readonly status: number;
}

interface Shape {
  readonly contentType: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** DynamoDB, SQS and some others speak 1.0, and strict clients refuse another. */
function jsonVersion({ service }: ErrorTarget): string {
  return (service === undefined ? undefined : serviceTables.service(service)?.jsonVersion) ?? '1.1';
}

function shapeOf(target: ErrorTarget, failure: Failure): Shape {
  const { error, requestId } = failure;
  const code = escapeXml(error.code);
  const message = escapeXml(error.message);
  const fault = failure.status < 500 ? 'Sender' : 'Receiver';
  switch (target.protocol) {
    case 'json':
    case 'unknown':
      return {
        contentType: `application/x-amz-json-${jsonVersion(target)}`,
        headers: [],
        body: json({
          __type: error.code,
          [error.isPlatform ? 'message' : 'Message']: error.message,
          ...error.details,
        }),
      };
    case 'rest-json':
      return {
        contentType: 'application/json',
        headers: [['x-amzn-ErrorType', error.code]],
        body: json({ __type: error.code, message: error.message }),
      };
    case 'cbor':
      return {
        contentType: 'application/cbor',
        headers: [['smithy-protocol', 'rpc-v2-cbor']],
        body: encode({ __type: error.code, message: error.message }),
      };
    case 'query':
      return xml(
        `<ErrorResponse><Error><Type>${fault}</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
          `<RequestId>${requestId}</RequestId></ErrorResponse>`,
      );
    case 'ec2':
      return xml(
        `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors>` +
          `<RequestID>${requestId}</RequestID></Response>`,
      );
    case 'rest-xml':
      if (target.service === 's3') {
        return {
          ...xml(
            `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>${requestId}</RequestId></Error>`,
          ),
          contentType: 'application/xml',
          headers: [['x-amz-request-id', requestId]],
        };
      }
      return xml(
        `<ErrorResponse><Error><Type>${fault}</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
          `<RequestId>${requestId}</RequestId></ErrorResponse>`,
      );
  }
}

/** The last line of an NDJSON stream that failed after it began. */
export function errorLine(error: ApiError): string {
  return JSON.stringify({ __type: error.code, message: error.message });
}

function json(value: Record<string, string>): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function xml(content: string): Shape {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
  return { contentType: 'text/xml', headers: [], body };
}

/** Also drops what XML 1.0 cannot hold at all. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
