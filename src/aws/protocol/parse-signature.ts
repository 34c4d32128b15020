import type { RequestHead } from '../../model/captured-call.ts';
import { percentDecode, rawQueryPairs, splitTarget } from './canonical-request.ts';
import { headerValue } from './header-values.ts';
import type { ParsedSignature, PayloadCover, SignatureFailure } from './signature.ts';

/** What is added to the contract's parts for presigned URLs: how long they are valid. */
export interface SignedRequest extends ParsedSignature {
  /** Presigned URLs only, seconds. */
  readonly expiresSeconds: number | undefined;
  /** `20260101/us-east-1/cloudtrail/aws4_request`. */
  readonly scope: string;
  /** `host;x-amz-date`, as sent. */
  readonly signedHeadersText: string;
}

const algorithm = 'AWS4-HMAC-SHA256';
/** AWS refuses presigned URLs that are valid for more than a week. */
const presignedSecondsMax = 604_800;
/** Headers that decide what the request means; a copy must not be able to hide behind the signed one. */
const singleHeaders = [
  'authorization',
  'host',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'x-amz-target',
];
const singleHeaderLengths = new Set(singleHeaders.map((name) => name.length));

/** Reads the signature of a request without believing it. */
export function parseSignature(head: RequestHead): SignedRequest | SignatureFailure {
  const repeated = repeatedHeader(head);
  if (repeated !== undefined) return malformed(`the header '${repeated}' was sent more than once`);
  const authorization = headerValue(head.headers, 'authorization');
  const query = queryParameters(head.target);
  if (query === undefined)
    return malformed('a signature parameter was sent more than once in the query string');
  if (query.has('x-amz-algorithm') || query.has('x-amz-signature')) {
    if (authorization !== undefined) {
      return malformed(
        'only one authentication form is allowed: the Authorization header or the query string',
      );
    }
    return parseQuery(head, query);
  }
  if (authorization === undefined || authorization.trim() === '') return { kind: 'missing' };
  return parseHeader(head, authorization.trim());
}

/** The first of the headers that may come once only and came twice. */
function repeatedHeader({ headers }: RequestHead): string | undefined {
  let seen = 0;
  let repeated = 0;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const given = headers[index] ?? '';
    if (!singleHeaderLengths.has(given.length)) continue;
    const place = singleHeaders.indexOf(given.toLowerCase());
    if (place < 0) continue;
    repeated |= seen & (1 << place);
    seen |= 1 << place;
  }
  return repeated === 0 ? undefined : singleHeaders.find((_, place) => (repeated & (1 << place)) !== 0);
}

function parseHeader(head: RequestHead, authorization: string): SignedRequest | SignatureFailure {
  const space = authorization.indexOf(' ');
  const scheme = space < 0 ? authorization : authorization.slice(0, space);
  if (scheme !== algorithm) return malformed(`Unsupported AWS 'algorithm': '${scheme.slice(0, 64)}'.`);
  const parts = authorizationPartsOf(authorization, scheme.length);
  if (parts === undefined) return malformed("Authorization header has a part that is not 'name=value' once");
  const date = headerValue(head.headers, 'x-amz-date') ?? isoDate(headerValue(head.headers, 'date'));
  const { Credential: credential, SignedHeaders: signedHeaders, Signature: signature } = parts;
  if (!credential || !signedHeaders || !signature || date === undefined) {
    const absent = (['Credential', 'Signature', 'SignedHeaders'] as const).filter((name) => !parts[name]);
    const complaints = absent.map((name) => `Authorization header requires '${name}' parameter.`);
    if (date === undefined) complaints.push(withoutDate);
    return malformed(complaints.join(' '));
  }
  return assemble({
    form: 'header',
    credential,
    date,
    signedHeaders,
    signature,
    sessionToken: headerValue(head.headers, 'x-amz-security-token'),
    payload: payloadCover(headerValue(head.headers, 'x-amz-content-sha256')),
    expiresSeconds: undefined,
  });
}

const withoutDate = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";

interface AuthorizationParts {
  Credential: string | undefined;
  SignedHeaders: string | undefined;
  Signature: string | undefined;
}

/** What stands behind the scheme; undefined when a part is not `name=value` or comes twice. */
function authorizationPartsOf(authorization: string, from: number): AuthorizationParts | undefined {
  const parts: AuthorizationParts = { Credential: undefined, SignedHeaders: undefined, Signature: undefined };
  let others: Set<string> | undefined;
  for (let start = from; start <= authorization.length; ) {
    const comma = authorization.indexOf(',', start);
    const end = comma < 0 ? authorization.length : comma;
    const mark = authorization.indexOf('=', start);
    if (mark < 0 || mark >= end) return undefined;
    // A blank at the `=` stays: the recogniser, whose key the lock-out goes by, reads none there either.
    const name = authorization.slice(start, mark).trimStart();
    const value = authorization.slice(mark + 1, end).trimEnd();
    if (name === 'Credential' || name === 'SignedHeaders' || name === 'Signature') {
      if (parts[name] !== undefined) return undefined;
      parts[name] = value;
    } else {
      if (others?.has(name)) return undefined;
      others ??= new Set();
      others.add(name);
    }
    start = end + 1;
  }
  return parts;
}

function parseQuery(head: RequestHead, query: ReadonlyMap<string, string>): SignedRequest | SignatureFailure {
  const names = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ];
  const absent = names.filter((name) => !query.get(name.toLowerCase()));
  if (absent.length > 0)
    return malformed(absent.map((name) => `AWS query-string parameters must include '${name}'.`).join(' '));
  if (query.get('x-amz-algorithm') !== algorithm) {
    return malformed(`Unsupported AWS 'algorithm': '${query.get('x-amz-algorithm')?.slice(0, 64)}'.`);
  }
  const expires = query.get('x-amz-expires');
  const expiresSeconds = expires === undefined ? undefined : Number(expires);
  if (expiresSeconds !== undefined && !(Number.isInteger(expiresSeconds) && expiresSeconds >= 0)) {
    return malformed('X-Amz-Expires should be a number');
  }
  if (expiresSeconds !== undefined && expiresSeconds > presignedSecondsMax) {
    return malformed(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  }
  const declared = headerValue(head.headers, 'x-amz-content-sha256') ?? query.get('x-amz-content-sha256');
  const service = (query.get('x-amz-credential') ?? '').split('/').at(-2);
  return assemble({
    form: 'query',
    credential: query.get('x-amz-credential') ?? '',
    date: query.get('x-amz-date') ?? '',
    signedHeaders: query.get('x-amz-signedheaders') ?? '',
    signature: query.get('x-amz-signature') ?? '',
    sessionToken: query.get('x-amz-security-token') ?? headerValue(head.headers, 'x-amz-security-token'),
    payload: declared === undefined && service === 's3' ? { kind: 'unsigned' } : payloadCover(declared),
    expiresSeconds,
  });
}

interface Parts {
  readonly form: 'header' | 'query';
  readonly credential: string;
  readonly date: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly sessionToken: string | undefined;
  readonly payload: PayloadCover | undefined;
  readonly expiresSeconds: number | undefined;
}

function assemble(parts: Parts): SignedRequest | SignatureFailure {
  // From the right: the key id may hold slashes, the four parts behind it may not.
  const { credential } = parts;
  const serviceEnd = credential.lastIndexOf('/');
  const regionEnd = serviceEnd < 1 ? -1 : credential.lastIndexOf('/', serviceEnd - 1);
  const dayEnd = regionEnd < 1 ? -1 : credential.lastIndexOf('/', regionEnd - 1);
  const keyEnd = dayEnd < 1 ? -1 : credential.lastIndexOf('/', dayEnd - 1);
  const isWhole = keyEnd > 0 && dayEnd > keyEnd + 1 && regionEnd > dayEnd + 1 && serviceEnd > regionEnd + 1;
  if (!isWhole || credential.slice(serviceEnd + 1) !== 'aws4_request') {
    return malformed(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term',
    );
  }
  if (!/^\d{8}T\d{6}Z$/.test(parts.date)) {
    return malformed('Date must be in ISO-8601 basic format: yyyymmddThhmmssZ');
  }
  if (parts.payload === undefined) {
    return malformed('x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a valid sha256 value');
  }
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+(?:;[!#$%&'*+.^_`|~0-9a-z-]+)*$/.test(parts.signedHeaders)) {
    return malformed('SignedHeaders must be lower-case header names separated by semicolons');
  }
  return {
    form: parts.form,
    accessKeyId: credential.slice(0, keyEnd),
    date: parts.date,
    region: credential.slice(dayEnd + 1, regionEnd),
    service: credential.slice(regionEnd + 1, serviceEnd),
    signedHeaders: namesOf(parts.signedHeaders),
    signedHeadersText: parts.signedHeaders,
    signature: parts.signature,
    sessionToken: parts.sessionToken,
    payload: parts.payload,
    expiresSeconds: parts.expiresSeconds,
    scope: credential.slice(keyEnd + 1),
  };
}

/** Callers sign the same headers call after call, so the last answer is kept. */
function namesOf(signedHeaders: string): readonly string[] {
  if (signedHeaders !== lastNames.text) {
    lastNames = { text: signedHeaders, names: signedHeaders.split(';') };
  }
  return lastNames.names;
}

let lastNames: { readonly text: string; readonly names: readonly string[] } = { text: '', names: [] };

function payloadCover(declared: string | undefined): PayloadCover | undefined {
  if (declared === undefined) return { kind: 'body' };
  if (declared === 'UNSIGNED-PAYLOAD') return { kind: 'unsigned' };
  if (/^STREAMING-[A-Z0-9-]+$/.test(declared)) return { kind: 'stream', scheme: declared };
  return /^[0-9a-f]{64}$/.test(declared) ? { kind: 'hash', sha256: declared } : undefined;
}

const noParameters: ReadonlyMap<string, string> = new Map();

/** Lower-case names of the `X-Amz-…` parameters; undefined when one of them comes twice. */
function queryParameters(target: string): ReadonlyMap<string, string> | undefined {
  const { query } = splitTarget(target);
  if (query === '') return noParameters;
  const found = new Map<string, string>();
  for (const [rawName, rawValue] of rawQueryPairs(query)) {
    const name = percentDecode(rawName).toLowerCase();
    if (!name.startsWith('x-amz-')) continue;
    if (found.has(name)) return undefined;
    found.set(name, percentDecode(rawValue));
  }
  return found;
}

/** A `Date` header in either form as `yyyymmddThhmmssZ`. */
function isoDate(value: string | undefined): string | undefined {
  if (value === undefined || /^\d{8}T\d{6}Z$/.test(value)) return value;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : basicIso(ms);
}

/** `20260101T000000Z`. */
export function basicIso(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** NaN for what is no date. Requests of one client come many in a second, so the last answer is kept. */
export function basicIsoToMs(text: string): number {
  if (text !== lastDate.text) lastDate = { text, ms: parseBasicIso(text) };
  return lastDate.ms;
}

let lastDate: { readonly text: string; readonly ms: number } = { text: '', ms: Number.NaN };

function parseBasicIso(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function malformed(detail: string): SignatureFailure {
  return { kind: 'malformed', detail };
}
