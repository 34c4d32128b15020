import type { RequestHead } from '../../model/captured-call.ts';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import { parseQueryCall, rebuildQueryInput } from '../../record/gateway/decode/query.ts';
import { viewRequest } from '../../record/gateway/recognise/request-view.ts';
import { escapeXml, type WireResponse } from './error-response.ts';

/** XML namespaces as the services themselves write them; clients take them or leave them. */
const NAMESPACES: Readonly<Record<string, string>> = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
};

/** The operation and the input of a request of the query protocol; all leaves are text. */
export function queryRequest(
  head: RequestHead,
  body: Uint8Array,
): { readonly name: string | undefined; readonly input: JsonObject } {
  const { action, parameters } = parseQueryCall(Buffer.from(body).toString('utf8'), viewRequest(head).query);
  return { name: action, input: rebuildQueryInput(parameters, undefined, 'query') };
}

/** A successful answer; an output without members has no result element, as with IAM itself. */
export function queryResponse(answer: {
  readonly service: string;
  readonly operation: string;
  readonly output: JsonObject;
  readonly requestId: string;
}): WireResponse {
  const { service, operation, output, requestId } = answer;
  const members = xmlMembers(output);
  const result = members === '' ? '' : `<${operation}Result>${members}</${operation}Result>`;
  const xmlns = NAMESPACES[service];
  const body =
    `<${operation}Response${xmlns === undefined ? '' : ` xmlns="${xmlns}"`}>${result}` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`;
  return {
    status: 200,
    headers: [
      ['x-amzn-RequestId', requestId],
      ['Content-Type', 'text/xml'],
    ],
    body: Buffer.from(body),
  };
}

function xmlMembers(value: JsonObject): string {
  return Object.entries(value)
    .map(([name, member]) => `<${name}>${xmlValue(member)}</${name}>`)
    .join('');
}

function xmlValue(value: Json): string {
  if (value === null) return '';
  if (Array.isArray(value)) return (value as readonly Json[]).map(xmlItem).join('');
  if (typeof value === 'object') return xmlMembers(value as JsonObject);
  return escapeXml(String(value));
}

/** Entries of maps are `{ key, value }`, and their element says so. */
function xmlItem(item: Json): string {
  const isEntry =
    typeof item === 'object' &&
    item !== null &&
    'key' in item &&
    'value' in item &&
    Object.keys(item).length === 2;
  const name = isEntry ? 'entry' : 'member';
  return `<${name}>${xmlValue(item)}</${name}>`;
}
