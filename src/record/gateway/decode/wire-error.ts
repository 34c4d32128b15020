import type { CapturedResponse } from '../../../model/captured-call.ts';
import type { Json } from '../../../model/cloudtrail-event.ts';
import type { WireError } from '../decoded-call.ts';
import { headerValue } from './body-bytes.ts';
import { isObject } from './json-value.ts';
import { child, childText, type XmlDocument } from './xml.ts';

/** Longer texts are no codes; the longest of AWS has 70 characters. */
const CODE_LENGTH_MAX = 256;

/** What an error answer without a readable body means, as AWS names it. */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  411: 'MissingContentLength',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  416: 'InvalidRange',
  429: 'ThrottlingException',
  500: 'InternalFailure',
  501: 'NotImplemented',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
};

/**
 * The error of a failed answer, by what was found in its body; by its headers and status where nothing was.
 */
export function wireError(
  response: CapturedResponse,
  found: { readonly code: string | undefined; readonly message: string | undefined } | undefined,
  statusCodes: Readonly<Record<number, string>> = {},
): WireError {
  const header =
    headerValue(response.headers, 'x-amzn-errortype') ?? headerValue(response.headers, 'x-amz-error-code');
  const { status } = response;
  const fallback =
    statusCodes[status] ?? CODE_OF_STATUS[status] ?? (status >= 500 ? 'InternalFailure' : 'BadRequest');
  const message =
    found?.message ??
    headerValue(response.headers, 'x-amzn-errormessage') ??
    headerValue(response.headers, 'x-amz-error-message');
  const code = bareCode(found?.code) ?? bareCode(header) ?? fallback;
  // S3 may fail after it has answered 200; then only the code tells whose fault it is.
  const isServers = status >= 500 || (status < 400 && /^(?:Internal|Service|SlowDown)/.test(code));
  return {
    code,
    message: message === '' ? undefined : message,
    fault: isServers ? 'server' : 'client',
  };
}

/** `com.amazonaws.kms#NotFoundException:http://internal/` → `NotFoundException`. */
function bareCode(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  const bare = code.slice(code.lastIndexOf('#', code.indexOf(':') < 0 ? undefined : code.indexOf(':')) + 1);
  const end = bare.indexOf(':');
  const trimmed = (end < 0 ? bare : bare.slice(0, end)).trim();
  return trimmed === '' || trimmed.length > CODE_LENGTH_MAX ? undefined : trimmed;
}

/** Members of JSON and CBOR errors, in every spelling that services use. */
export function memberError(body: Json | undefined) {
  if (!isObject(body)) return undefined;
  const first = (...names: string[]) => {
    for (const name of names) {
      const value = Object.hasOwn(body, name) ? body[name] : undefined;
      if (typeof value === 'string') return value;
    }
    return undefined;
  };
  return {
    code: first('__type', 'code', 'Code', 'errorCode', 'ErrorCode'),
    message: first('message', 'Message', 'errorMessage', 'ErrorMessage', 'error_description'),
  };
}

/** `PolicyNotFound;Sender` of `x-amzn-query-error`: the code that clients of the query protocol know. */
export function queryErrorCode(response: CapturedResponse): string | undefined {
  return headerValue(response.headers, 'x-amzn-query-error')?.split(';')[0]?.trim();
}

/** `<ErrorResponse><Error>`, `<Response><Errors><Error>`, `<Error>` alone. */
export function xmlError(document: XmlDocument | undefined) {
  if (document === undefined) return undefined;
  const { root, content } = document;
  const error =
    root === 'Error'
      ? content
      : (child(content, 'Error') ?? child(child(content, 'Errors'), 'Error') ?? child(content, 'error'));
  if (error === undefined) return undefined;
  return {
    code: childText(error, 'Code') ?? childText(error, 'code'),
    message: childText(error, 'Message') ?? childText(error, 'message'),
  };
}
