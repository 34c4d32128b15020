import type { CapturedBody } from '../../../model/captured-call.ts';
import type { Json } from '../../../model/cloudtrail-event.ts';
import { bodyContent } from './body-bytes.ts';
import { parseCbor } from './cbor.ts';
import type { DecodedAnswer, DecodedRequest, DecodingInput } from './decoding.ts';
import { isObject } from './json-value.ts';
import { memberError, queryErrorCode, wireError } from './wire-error.ts';

function cborBody(body: CapturedBody, headers: readonly string[]): Json | undefined {
  const content = bodyContent(body, headers);
  return content === undefined || content.length === 0 ? undefined : parseCbor(content);
}

/** Smithy RPC v2 CBOR: the body is the input; none is sent for inputs without members. */
export function decodeCborRequest({ call }: DecodingInput): DecodedRequest {
  const body = cborBody(call.requestBody, call.head.headers);
  return { input: isObject(body) ? body : undefined };
}

export function decodeCborAnswer({ call }: DecodingInput): DecodedAnswer {
  const { response } = call;
  if (response === undefined) return { output: undefined, error: undefined };
  const body = cborBody(response.body, response.headers);
  if (response.status < 400) return { output: isObject(body) ? body : undefined, error: undefined };
  const found = memberError(body);
  const code = queryErrorCode(response) ?? found?.code;
  return { output: undefined, error: wireError(response, { code, message: found?.message }) };
}
