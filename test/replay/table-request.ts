import type { Json, JsonObject } from '../../src/model/cloudtrail-event.ts';
import type { OperationRow, ServiceRow } from '../../src/record/gateway/recognise/service-tables.ts';
import { isObject } from './rebuild-input.ts';
import { type WireRequest, wireRequest } from './wire-request.ts';

/** Services whose members have a capital on the wire, though records have none. */
const CAPITALISED = new Set(['route53resolver']);

/** A request of a service whose SDK client is not installed, serialised by the tables alone. */
export function tableRequest(options: {
  readonly service: ServiceRow;
  readonly operation: string;
  readonly row: OperationRow;
  readonly parameters: JsonObject | null;
  readonly region: string;
}): WireRequest {
  const { service, operation, row, region } = options;
  const members: Record<string, Json> = {};
  for (const [name, value] of Object.entries(options.parameters ?? {}))
    members[memberName(name, service, row)] = revealed(capitalised(value, service.key));
  const headers = signedHeaders(service, region);
  if (service.protocols[0] === 'json') {
    headers['x-amz-target'] = `${service.targetPrefix}.${operation}`;
    headers['content-type'] = `application/x-amz-json-${service.jsonVersion ?? '1.1'}`;
    return wireRequest({ method: 'POST', target: '/', headers, body: JSON.stringify(members) });
  }
  const [method, route] = row.http ?? ['POST', '/'];
  const query = new URLSearchParams();
  let path = route;
  for (const [name, [location, wireName]] of Object.entries(row.in ?? {})) {
    const value = members[name];
    delete members[name];
    if (location === 'uri')
      path = path.replace(new RegExp(`\\{${wireName}\\+?\\}`), encodeURIComponent(String(value ?? 'x')));
    else if (value === undefined) continue;
    else if (location === 'querystring')
      for (const item of [value].flat()) query.append(wireName, String(item));
    else headers[wireName.toLowerCase()] = String(value);
  }
  const target = query.size === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
  const hasBody = method !== 'GET' && method !== 'DELETE' && Object.keys(members).length > 0;
  if (hasBody) headers['content-type'] = 'application/json';
  return wireRequest({ method, target, headers, ...(hasBody ? { body: JSON.stringify(members) } : {}) });
}

/** An S3 request from its recorded parameters, which name host, query, headers and body as they were. */
export function s3Request(options: {
  readonly row: OperationRow;
  readonly parameters: JsonObject | null;
  readonly service: ServiceRow;
  readonly region: string;
}): WireRequest {
  const headers = signedHeaders(options.service, options.region);
  const query: string[] = [];
  let body: string | undefined;
  const { bucketName, Host, key, bucketPolicy, ...rest } = options.parameters ?? {};
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith('x-amz-')) headers[name] = String(value);
    else if (isObject(value)) body = xmlOf(name, value);
    else query.push(value === '' ? name : `${name}=${encodeURIComponent(String(value))}`);
  }
  if (bucketPolicy !== undefined) body = JSON.stringify(bucketPolicy);
  const host = String(Host ?? 's3.amazonaws.com');
  headers.host = host;
  const isPathStyle = bucketName !== undefined && !host.startsWith(`${bucketName}.`);
  const path = `/${[isPathStyle ? String(bucketName) : '', String(key ?? '')].filter((step) => step !== '').join('/')}`;
  const target = query.length === 0 ? path : `${path}?${query.join('&')}`;
  const [method] = options.row.http ?? ['GET', '/'];
  return wireRequest({ method, target, headers, ...(body === undefined ? {} : { body }) });
}

function xmlOf(name: string, value: Json): string {
  if (Array.isArray(value)) return value.map((item) => xmlOf(name, item)).join('');
  if (!isObject(value)) return `<${name}>${escapeXml(String(value))}</${name}>`;
  const { xmlns, ...members } = value;
  const attribute = xmlns === undefined ? '' : ` xmlns="${String(xmlns)}"`;
  const inner = Object.entries(members).map(([member, content]) => xmlOf(member, content));
  return `<${name}${attribute}>${inner.join('')}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Signed in form only: nobody checks the signature of a replay. */
function signedHeaders(service: ServiceRow, region: string): Record<string, string> {
  const scope = `AKIAIOSFODNN7EXAMPLE/20231114/${region}/${service.signingName}/aws4_request`;
  return {
    host: `${service.endpointPrefix}.${region}.amazonaws.com`,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    'x-amz-date': '20231114T221320Z',
  };
}

/** The name on the wire: the table's where it has one, else as recorded. */
function memberName(name: string, service: ServiceRow, row: OperationRow): string {
  const upper = name.charAt(0).toUpperCase() + name.slice(1);
  const known = Object.keys(row.in ?? {});
  if (known.includes(name)) return name;
  return known.includes(upper) || CAPITALISED.has(service.key) ? upper : name;
}

function capitalised(value: Json, service: string): Json {
  if (!CAPITALISED.has(service) || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toUpperCase() + name.slice(1), member]),
  );
}

function revealed(value: Json): Json {
  if (value === 'HIDDEN_DUE_TO_SECURITY_REASONS') return 'xxxxx';
  if (Array.isArray(value)) return value.map(revealed);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member)]));
}
