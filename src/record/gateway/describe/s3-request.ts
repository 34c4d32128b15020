import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { define, isObject } from './spell-members.ts';
import { guessFromText } from './text-value.ts';
import { headerOf } from './wire-header.ts';

const DEPTH_MAX = 32;

/** Namespace that S3 bodies have; the SDK sends it, older clients leave it out. */
const XMLNS = '@_xmlns';

/** `x-amz-*` headers that no record has: authentication (one-time codes among it), checksums, the caller's own metadata. */
const SILENT_HEADER =
  /^x-amz-(?:date|content-sha256|security-token|user-agent|decoded-content-length|trailer|sdk-.*|checksum-.*|te|id-2|request-id|account-id|expected-bucket-owner|mfa|meta-.*)$/;

/** Customer keys of SSE-C and their digests. */
const KEY_HEADER = /^x-amz-(?:copy-source-)?server-side-encryption-customer-key(?:-md5)?$/;

/** Query parameters that no record has: the SDK's hint and what signs a URL. */
const SILENT_QUERY =
  /^(?:x-id|x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|security-token))$/i;

/** `requestParameters` of an S3 call: bucket, host, key, query, telling headers, XML body, bucket policy. */
export function s3Request(decoded: DecodedCall): JsonObject {
  const { s3 } = decoded;
  const written: Record<string, Json> = {};
  const headers = decoded.call.head.headers;
  if (s3?.xmlRoot !== undefined && s3.xmlBody !== undefined)
    define(written, s3.xmlRoot, xmlElement(s3.xmlBody, 0));
  if (s3?.jsonBody !== undefined && decoded.operation?.endsWith('Policy')) written.bucketPolicy = s3.jsonBody;
  if (s3?.bucket !== undefined) written.bucketName = s3.bucket;
  for (const [name, value] of s3?.query ?? []) if (!SILENT_QUERY.test(name)) define(written, name, value);
  const host = headerOf(headers, 'host');
  if (host !== undefined) written.Host = host.replace(/:\d+$/, '');
  if (s3?.key !== undefined) written.key = s3.key;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = (headers[index] ?? '').toLowerCase();
    if (!name.startsWith('x-amz-') || SILENT_HEADER.test(name)) continue;
    define(
      written,
      name,
      KEY_HEADER.test(name) ? 'HIDDEN_DUE_TO_SECURITY_REASONS' : (headers[index + 1] ?? ''),
    );
  }
  return written;
}

/** Names as in the body, `xmlns` included; one repeated element is an object, several a list; text is typed by looks. */
function xmlElement(value: Json, depth: number): Json {
  if (typeof value === 'string') return guessFromText(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => xmlElement(item, depth + 1));
    return items.length === 1 ? (items[0] ?? null) : items;
  }
  if (!isObject(value) || depth > DEPTH_MAX) return isObject(value) ? {} : value;
  const written: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    if (name === XMLNS || name === 'xmlns') define(written, 'xmlns', member);
    else define(written, name.replace(/^@_/, ''), xmlElement(member, depth + 1));
  }
  return written;
}
