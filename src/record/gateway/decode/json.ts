import type { Json } from '../../../model/cloudtrail-event.ts';
import { bodyContent, bodyText } from './body-bytes.ts';
import type { DecodedAnswer, DecodedRequest, DecodingInput } from './decoding.ts';
import { isObject, parseJson } from './json-value.ts';
import { xmlBody } from './rest-xml.ts';
import { memberError, wireError, xmlError } from './wire-error.ts';

/** The JSON of a captured body; undefined when it is empty, cut off or not JSON. */
export function jsonBody(
  body: Parameters<typeof bodyContent>[0],
  headers: readonly string[],
): Json | undefined {
  const content = bodyContent(body, headers);
  if (content === undefined || content.length === 0) return undefined;
  try {
    return parseJson(bodyText(content));
  } catch {
    // Not JSON, or over a bound: recorded as a body that could not be read.
    return undefined;
  }
}

/** JSON 1.0 and 1.1: the body is the input. */
export function decodeJsonRequest({ call }: DecodingInput): DecodedRequest {
  const body = jsonBody(call.requestBody, call.head.headers);
  return { input: isObject(body) ? body : undefined };
}

export function decodeJsonAnswer({ call }: DecodingInput): DecodedAnswer {
  const { response } = call;
  if (response === undefined) return { output: undefined, error: undefined };
  const body = jsonBody(response.body, response.headers);
  if (response.status >= 400) {
    // Emulators answer some failures in XML whatever the protocol is.
    const found = memberError(body) ?? xmlError(xmlBody(response.body, response.headers));
    return { output: undefined, error: wireError(response, found) };
  }
  return { output: isObject(body) ? body : undefined, error: undefined };
}
