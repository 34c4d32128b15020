import { bodyContent, bodyText } from './body-bytes.ts';
import type { DecodedAnswer, DecodedRequest, DecodingInput } from './decoding.ts';
import { isObject, safeObject } from './json-value.ts';
import { restMembers } from './rest-members.ts';
import { wireError, xmlError } from './wire-error.ts';
import { childText, parseXml, withoutNamespaces, type XmlDocument } from './xml.ts';

/** The document of a captured body; undefined when it is empty, cut off or not XML. */
export function xmlBody(
  body: Parameters<typeof bodyContent>[0],
  headers: readonly string[],
): XmlDocument | undefined {
  const content = bodyContent(body, headers);
  return content === undefined || content.length === 0 ? undefined : parseXml(bodyText(content));
}

/** CloudFront, Route 53 and S3 Control: members of path, query and headers, then those of the XML body. */
export function decodeRestXmlRequest({ call, view, row }: DecodingInput): DecodedRequest {
  const members = row === undefined ? [] : restMembers(row, view, call.head.headers);
  const document = xmlBody(call.requestBody, call.head.headers);
  if (document !== undefined) {
    const content = withoutNamespaces(document.content);
    if (row?.payload !== undefined) members.push([row.payload, content ?? document.content]);
    else if (content !== undefined) members.push(...Object.entries(content));
  }
  return { input: members.length === 0 ? undefined : safeObject(members) };
}

export function decodeRestXmlAnswer({ call }: DecodingInput): DecodedAnswer {
  const { response } = call;
  if (response === undefined) return { output: undefined, error: undefined };
  const document = xmlBody(response.body, response.headers);
  const requestId = childText(document?.content, 'RequestId') ?? childText(document?.content, 'RequestID');
  if (response.status >= 400) {
    return { output: undefined, error: wireError(response, xmlError(document)), requestId };
  }
  const content = withoutNamespaces(document?.content);
  return { output: isObject(content) ? content : undefined, error: undefined, requestId };
}
