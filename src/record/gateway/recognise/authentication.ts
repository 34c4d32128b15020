import type { AuthenticationForm } from '../recognition.ts';
import { decodePercent, queryValue, type RequestView } from './request-view.ts';

/**
 * Who a request says it is from, and for which service and Region it was signed; nothing of it is checked
 * here.
 */
export interface Authentication {
  readonly form: AuthenticationForm;
  readonly accessKeyId: string | undefined;
  /** Service of the credential scope as sent; undefined for forms without a scope. */
  readonly signingName: string | undefined;
  readonly region: string | undefined;
}

/** `us-east-1`, `aws-global`; anything else in a scope is not recorded as a Region. */
const REGION = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** `s3`, `aws-marketplace`, `IoTSecuredTunneling`. */
const SIGNING_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Key ids of AWS have 20 characters; emulators take any printable ones, slashes too. */
const ACCESS_KEY_ID = /^[\x21-\x7e]{1,128}$/;

export function parseAuthentication(view: RequestView): Authentication {
  const authorization = view.headers.authorization;
  if (authorization !== undefined) {
    const found = parseHeader(authorization.trim(), view);
    if (found !== undefined) return found;
  }
  return parseQueryForm(view) ?? parsePostForm(view) ?? without('none');
}

function parseHeader(authorization: string, view: RequestView): Authentication | undefined {
  const blank = authorization.indexOf(' ');
  const scheme = blank < 0 ? authorization : authorization.slice(0, blank);
  switch (scheme) {
    case 'AWS4-HMAC-SHA256':
    case 'AWS4-ECDSA-P256-SHA256': {
      const credential = credentialOf(authorization, blank + 1);
      return scheme === 'AWS4-HMAC-SHA256'
        ? sigV4('header', credential)
        : sigV4a('sigv4a-header', credential, view.headers['x-amz-region-set']);
    }
    case 'AWS': {
      // `AWS AKIA…:signature`; the signature has no colon.
      const rest = authorization.slice(blank + 1);
      return without('sigv2-header', rest.slice(0, Math.max(0, rest.lastIndexOf(':'))).trim(), 's3');
    }
    default:
      return scheme.toLowerCase() === 'bearer' ? without('bearer') : undefined;
  }
}

/** Most callers name it first, and end it by a comma. */
function credentialOf(authorization: string, from: number): string {
  const start = from + CREDENTIAL.length;
  const end = authorization.indexOf(',', start);
  if (end > start && authorization.startsWith(CREDENTIAL, from)) {
    const credential = authorization.slice(start, end);
    if (!/\s/.test(credential)) return credential;
  }
  return /(?:^|[\s,])Credential=([^\s,]+)/.exec(authorization)?.[1] ?? '';
}

const CREDENTIAL = 'Credential=';

function parseQueryForm(view: RequestView): Authentication | undefined {
  if (view.query.length === 0) return undefined;
  const found = new Map<string, string>();
  for (const [name, value] of view.query) {
    const lower = name.toLowerCase();
    if (SIGNATURE_PARAMETERS.has(lower) && !found.has(lower)) found.set(lower, value);
  }
  const credential = found.get('x-amz-credential');
  if (credential !== undefined) {
    return found.get('x-amz-algorithm')?.toUpperCase() === 'AWS4-ECDSA-P256-SHA256'
      ? sigV4a('sigv4a-query', credential, found.get('x-amz-region-set'))
      : sigV4('query', credential);
  }
  const key = found.get('awsaccesskeyid');
  if (key === undefined || !found.has('signature')) return undefined;
  // Query services sent `SignatureVersion`; S3's presigned URLs of old had `Expires` instead.
  return without('sigv2-query', key, found.has('signatureversion') ? undefined : 's3');
}

/** Query parameters in lower case that sign a request or say how; none is a parameter of the call. */
export const SIGNATURE_PARAMETERS: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-signedheaders',
  'x-amz-signature',
  'x-amz-security-token',
  'x-amz-region-set',
  'x-amz-content-sha256',
  'awsaccesskeyid',
  'signature',
  'signatureversion',
  'signaturemethod',
]);

/** The credentials of a browser's form upload are in its body, which the head does not tell. */
function parsePostForm(view: RequestView): Authentication | undefined {
  if (view.method !== 'POST') return undefined;
  const isForm = /^\s*multipart\/form-data/i.test(view.headers['content-type'] ?? '');
  return isForm ? without('postForm', undefined, 's3') : undefined;
}

function sigV4(form: AuthenticationForm, credential: string): Authentication {
  const { keyId, scope } = splitCredential(credential, 4);
  return assemble({ form, keyId, region: scope[1], signingName: scope[2] });
}

function sigV4a(form: AuthenticationForm, credential: string, regionSet: string | undefined): Authentication {
  const { keyId, scope } = splitCredential(credential, 3);
  const region = regionSet
    ?.split(',')
    .map((entry) => entry.trim())
    .find((entry) => entry !== '' && !entry.includes('*'));
  return assemble({ form, keyId, region, signingName: scope[1] });
}

interface SplitCredential {
  readonly keyId: string;
  readonly scope: readonly string[];
}

/** From the right: the key id may hold slashes, the parts behind it may not. Callers send the same for a day. */
function splitCredential(credential: string, parts: number): SplitCredential {
  if (credential !== lastSplit.credential || parts !== lastSplit.parts) {
    lastSplit = { credential, parts, split: splitAnew(credential, parts) };
  }
  return lastSplit.split;
}

let lastSplit = { credential: '', parts: 0, split: { keyId: '', scope: [] } as SplitCredential };

function splitAnew(credential: string, parts: number): SplitCredential {
  const pieces = (credential.includes('%') ? decodePercent(credential) : credential).split('/');
  if (pieces.length <= parts || pieces.at(-1) !== 'aws4_request')
    return { keyId: pieces[0] ?? '', scope: [] };
  return { keyId: pieces.slice(0, -parts).join('/'), scope: pieces.slice(-parts) };
}

function without(form: AuthenticationForm, keyId?: string, signingName?: string): Authentication {
  return assemble({ form, keyId, region: undefined, signingName });
}

interface Parts {
  readonly form: AuthenticationForm;
  readonly keyId: string | undefined;
  readonly region: string | undefined;
  readonly signingName: string | undefined;
}

function assemble({ form, keyId, region, signingName }: Parts): Authentication {
  return {
    form,
    accessKeyId: keyId !== undefined && ACCESS_KEY_ID.test(keyId) ? keyId : undefined,
    signingName: signingName !== undefined && SIGNING_NAME.test(signingName) ? signingName : undefined,
    region: region !== undefined && REGION.test(region) ? region : undefined,
  };
}

/** True when a parameter of a presigned URL signs the request rather than being part of the call. */
export function isSignatureParameter(name: string, view: RequestView): boolean {
  const lower = name.toLowerCase();
  if (SIGNATURE_PARAMETERS.has(lower)) return true;
  // `Expires` signs only beside a SigV2 signature; elsewhere it may be a member.
  return lower === 'expires' && queryValue(view, 'Signature') !== undefined;
}
