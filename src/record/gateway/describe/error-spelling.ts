import { shapesOf } from '../../../model/query-shapes.ts';
import type { DecodedCall, WireError } from '../decoded-call.ts';

/** Query services that record the name of the error's shape in place of the code on the wire. */
const RECORDS_SHAPE_NAME = new Set(['iam', 'rds', 'docdb', 'neptune', 'elasticache', 'redshift']);

/** Codes for answers that carry no error body. */
const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  412: 'PreconditionFailed',
  429: 'ThrottlingException',
  500: 'InternalFailure',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
};

/** Example: `Throttling`, `RequestLimitExceeded`, `ProvisionedThroughputExceededException`. */
const THROTTLED =
  /^(?:Client\.)?(?:Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|PriorRequestNotComplete)/;

export interface SpelledError {
  readonly errorCode: string;
  readonly errorMessage: string | undefined;
}

/** The failure of a call as CloudTrail spells it; undefined for a call that succeeded. */
export function spellError(decoded: DecodedCall): SpelledError | undefined {
  const { error, call } = decoded;
  if (error !== undefined) return { errorCode: spellCode(decoded, error), errorMessage: error.message };
  const { response } = call;
  if (response === undefined) return withoutAnswer(decoded);
  if (response.status < 400) return undefined;
  const fault = response.status < 500 ? 'client' : 'server';
  const code = bodilessCode(decoded, response.status);
  return { errorCode: spellCode(decoded, { code, message: undefined, fault }), errorMessage: undefined };
}

export function isAccessDenied(errorCode: string): boolean {
  return /AccessDenied|Unauthorized|NotAuthorized/.test(errorCode);
}

export function isThrottled(errorCode: string): boolean {
  return THROTTLED.test(errorCode);
}

function spellCode(decoded: DecodedCall, error: WireError): string {
  const { service, protocol } = decoded.recognition;
  const code = error.code.replace(/^.*#/, '').replace(/:http.*$/, '');
  if (protocol === 'ec2') {
    if (/^(?:Client|Server)\./.test(code)) return code;
    return `${error.fault === 'client' ? 'Client' : 'Server'}.${code}`;
  }
  if (code === 'AccessDeniedException') return 'AccessDenied';
  if (service === undefined || !RECORDS_SHAPE_NAME.has(service)) return code;
  const names = shapesOf(service)?.errors ?? {};
  return Object.hasOwn(names, code) ? (names[code] ?? code) : code;
}

/** S3 answers HEAD without a body, and everything can answer without one that is understood. */
function bodilessCode(decoded: DecodedCall, status: number): string {
  if (decoded.recognition.service === 's3' && status === 404)
    return decoded.s3?.key === undefined ? 'NoSuchBucket' : 'NoSuchKey';
  return BY_STATUS[status] ?? (status < 500 ? 'ClientError' : 'InternalFailure');
}

function withoutAnswer(decoded: DecodedCall): SpelledError | undefined {
  switch (decoded.call.outcome) {
    case 'completed':
      return undefined;
    case 'clientAborted':
      return {
        errorCode: 'ClientDisconnected',
        errorMessage: 'the client closed the connection before the answer',
      };
    case 'refused':
      return {
        errorCode: 'ServiceUnavailable',
        errorMessage: 'the call was refused before it was forwarded',
      };
    default:
      return { errorCode: 'ServiceUnavailable', errorMessage: 'the upstream gave no answer' };
  }
}
