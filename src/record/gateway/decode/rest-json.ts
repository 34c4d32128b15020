import type { Json } from '../../../model/cloudtrail-event.ts';
import { bodyContent, bodyText } from './body-bytes.ts';
import type { DecodedAnswer, DecodedRequest, DecodingInput } from './decoding.ts';
import { decodeJsonAnswer, jsonBody } from './json.ts';
import { isObject, safeObject } from './json-value.ts';
import { restMembers } from './rest-members.ts';

/** Members of path, query and headers, then those of the body, or the one member that the body is. */
export function decodeRestJsonRequest({ call, view, row }: DecodingInput): DecodedRequest {
  const { requestBody, head } = call;
  const members = row === undefined ? [] : restMembers(row, view, head.headers);
  const body = row?.blob === true ? undefined : jsonBody(requestBody, head.headers);
  if (row?.payload !== undefined && row.blob !== true) {
    const payload = body ?? textBody(call);
    if (payload !== undefined) members.push([row.payload, payload]);
  } else if (isObject(body)) {
    members.push(...Object.entries(body));
  }
  return { input: members.length === 0 ? undefined : safeObject(members) };
}

/** A payload that is plain text. */
function textBody({ requestBody, head }: DecodingInput['call']): Json | undefined {
  const content = bodyContent(requestBody, head.headers);
  if (content === undefined || content.length === 0) return undefined;
  const text = bodyText(content);
  // Bytes that are not UTF-8: an opaque body, which is left out; as is JSON that could not be parsed.
  return text.includes('\0') || text.includes('\ufffd') || /^\s*[[{]/.test(text) ? undefined : text;
}

export function decodeRestJsonAnswer(input: DecodingInput): DecodedAnswer {
  const isFailure = (input.call.response?.status ?? 0) >= 400;
  if (input.row?.blobOut === true && !isFailure) return { output: undefined, error: undefined };
  return decodeJsonAnswer(input);
}
