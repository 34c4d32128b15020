import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { getSigningKey } from '@smithy/signature-v4';
import type { Clock } from '../../base/clock.ts';
import type { RequestHead } from '../../model/captured-call.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { canonicalRequests, onlyCanonicalRequest } from './canonical-request.ts';
import { headerValue } from './header-values.ts';
import { NodeSha256, sha256Hex } from './node-sha256.ts';
import { basicIso, basicIsoToMs, parseSignature, type SignedRequest } from './parse-signature.ts';
import type {
  ParsedSignature,
  SignatureFailure,
  SignatureResult,
  SignatureVerifier,
  SigningCredential,
} from './signature.ts';

/**
 * How far a client's clock may be off, milliseconds; S3 has always been more patient than the other services.
 */
const clockSkewMsMax = 5 * 60_000;
const s3ClockSkewMsMax = 15 * 60_000;

const emptySha256 = sha256Hex('');

/** The secret of an access key id, or undefined when the key, or the session token with it, is not one that is known here. */
export type CredentialLookup = (
  accessKeyId: string,
  sessionToken: string | undefined,
) => Promise<SigningCredential | undefined>;

/** A body whose bytes are not those that were signed; found while the body is read. */
export class PayloadMismatchError extends Error {
  override readonly name = 'PayloadMismatchError';
}

export interface BodyOpener {
  /**
   * The payload of a verified request as it is read: `aws-chunked` framing taken off and chunk and trailer
   * signatures checked, a declared hash checked at the end. Throws `PayloadMismatchError` from the iteration.
   */
  openBody(head: RequestHead, wire: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/**
 * Checks SigV4 signatures, header and presigned form.
 *
 * An absent body counts as empty where the signature covers the body itself (`payload.kind` is `body`); where
 * its hash is declared, the signature is checked from the head alone and the body only when it is given.
 */
export function createSignatureVerifier(options: {
  readonly credentials: CredentialLookup;
  readonly clock: Clock;
}): SignatureVerifier & BodyOpener {
  const { credentials, clock } = options;
  const signer = createSigner();
  return {
    parse: (head): ParsedSignature | SignatureFailure => parseSignature(head),
    async verify(head, body): Promise<SignatureResult> {
      const parsed = parseSignature(head);
      if ('kind' in parsed) return { isValid: false, failure: parsed, parsed: undefined };
      const malformed = malformedFailure(head, parsed);
      if (malformed !== undefined) return { isValid: false, failure: malformed, parsed };
      const credential = await credentials(parsed.accessKeyId, parsed.sessionToken);
      if (credential === undefined) return { isValid: false, failure: { kind: 'unknownKey' }, parsed };
      const nowMs = clock.now();
      const early = earlyFailure(parsed, credential, nowMs);
      if (early !== undefined) return { isValid: false, failure: early, parsed };
      const signing = signer(parsed, credential);
      const sign = signing instanceof Promise ? await signing : signing;
      const failure = findFailure({ head, body, parsed, credential, sign, nowMs });
      return failure === undefined
        ? { isValid: true, parsed, credential }
        : { isValid: false, failure, parsed };
    },
    async *openBody(head, wire) {
      const parsed = parseSignature(head);
      if ('kind' in parsed) throw new PayloadMismatchError('the request carries no signature');
      const credential = await credentials(parsed.accessKeyId, parsed.sessionToken);
      if (credential === undefined) throw new PayloadMismatchError('the access key is not known');
      yield* openPayload(parsed, await signer(parsed, credential), wire);
    },
  };
}

interface Attempt {
  readonly head: RequestHead;
  readonly body: Uint8Array | undefined;
  readonly parsed: SignedRequest;
  readonly credential: SigningCredential;
  readonly sign: Sign;
  readonly nowMs: number;
}

/** What is wrong with a request whoever signed it. */
function malformedFailure(head: RequestHead, parsed: SignedRequest): SignatureFailure | undefined {
  const uncovered = uncoveredHeader(head, parsed);
  if (uncovered !== undefined) {
    return { kind: 'malformed', detail: `'${uncovered}' must be a 'SignedHeader' in the AWS Authorization.` };
  }
  if (!parsed.scope.startsWith(parsed.date.slice(0, 8))) {
    return {
      kind: 'malformed',
      detail: `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP`,
    };
  }
  return undefined;
}

/** What can be told before anything is signed. */
function earlyFailure(
  parsed: SignedRequest,
  credential: SigningCredential,
  nowMs: number,
): SignatureFailure | undefined {
  if (!isSessionToken(parsed.sessionToken, credential)) return { kind: 'unknownKey' };
  return timeFailure(parsed, nowMs);
}

function findFailure(attempt: Attempt): SignatureFailure | undefined {
  const { head, body, parsed, credential, sign } = attempt;
  const payloadHash = payloadHashOf(parsed, body);
  if (!isSigned(head, { parsed, sign, payloadHash })) return { kind: 'mismatch' };
  // Told only to those who hold the secret.
  if (credential.expiresAtMs !== undefined && attempt.nowMs >= credential.expiresAtMs) {
    return { kind: 'expired', subject: 'credential', detail: basicIso(credential.expiresAtMs) };
  }
  if (body !== undefined && parsed.payload.kind === 'hash' && sha256Hex(body) !== parsed.payload.sha256) {
    return { kind: 'payloadMismatch' };
  }
  return undefined;
}

/** Whether one of the forms that a client may have signed has the signature that was sent. */
function isSigned(
  head: RequestHead,
  signing: { readonly parsed: SignedRequest; readonly sign: Sign; readonly payloadHash: string },
): boolean {
  const { parsed, sign, payloadHash } = signing;
  const isS3 = isS3Service(parsed.service);
  const { signedHeaders, signedHeadersText } = parsed;
  const options = { signedHeaders, signedHeadersText, payloadHash, isS3 };
  const isTheForm = (form: string): boolean => {
    const expected = sign(`AWS4-HMAC-SHA256\n${parsed.date}\n${parsed.scope}\n${sha256Hex(form)}`);
    return isSameDigest(expected, parsed.signature);
  };
  const only = onlyCanonicalRequest(head, options);
  if (only !== undefined) return isTheForm(only);
  for (const form of canonicalRequests(head, options)) if (isTheForm(form)) return true;
  return false;
}

/** Signing keys that are kept; each is good for one key id, day, Region and service. */
const signingKeysMax = 1000;

/**
 * Signs any string to sign with the key of a request's scope. Keys are derived once and kept, the oldest go first; one
 * that is there is given at once.
 */
function createSigner(): (parsed: SignedRequest, credential: SigningCredential) => Sign | Promise<Sign> {
  const signers = new Map<string, { readonly secretAccessKey: string; readonly sign: Sign }>();
  return (parsed, { secretAccessKey }) => {
    const { accessKeyId, region, service, scope } = parsed;
    // A scope has a fixed number of parts, so that no two pairs have one name.
    const name = `${scope}/${accessKeyId}`;
    const known = signers.get(name);
    if (known?.secretAccessKey === secretAccessKey) return known.sign;
    const day = scope.slice(0, scope.indexOf('/'));
    const derived = getSigningKey(NodeSha256, { accessKeyId, secretAccessKey }, day, region, service);
    return derived.then((bytes) => {
      const key = createSecretKey(bytes);
      const sign: Sign = (text) => createHmac('sha256', key).update(text).digest('hex');
      signers.set(name, { secretAccessKey, sign });
      if (signers.size > signingKeysMax) signers.delete(signers.keys().next().value ?? name);
      return sign;
    });
  };
}

type Sign = (stringToSign: string) => string;

/** A header that changes what the request means and is not under the signature. */
function uncoveredHeader(head: RequestHead, parsed: SignedRequest): string | undefined {
  const { signedHeaders } = parsed;
  if (!signedHeaders.includes('host')) return 'host';
  if (parsed.form === 'header') {
    const date = headerValue(head.headers, 'x-amz-date') === undefined ? 'date' : 'x-amz-date';
    if (!signedHeaders.includes(date)) return date;
  }
  for (const name of NEVER_UNSIGNED) {
    if (!signedHeaders.includes(name) && headerValue(head.headers, name) !== undefined) return name;
  }
  return undefined;
}

const NEVER_UNSIGNED = ['x-amz-target', 'x-amz-content-sha256'] as const;

function isSessionToken(sent: string | undefined, credential: SigningCredential): boolean {
  if (credential.sessionToken === undefined || sent === undefined) return sent === credential.sessionToken;
  return isEqual(credential.sessionToken, sent);
}

function timeFailure(parsed: SignedRequest, nowMs: number): SignatureFailure | undefined {
  const signedMs = basicIsoToMs(parsed.date);
  if (Number.isNaN(signedMs)) {
    return { kind: 'malformed', detail: `the date '${parsed.date}' does not exist` };
  }
  const skewMs = isS3Service(parsed.service) ? s3ClockSkewMsMax : clockSkewMsMax;
  const minutes = skewMs / 60_000;
  if (signedMs > nowMs + skewMs) {
    const detail = `Signature not yet current: ${parsed.date} is still later than ${basicIso(nowMs + skewMs)} (${basicIso(nowMs)} + ${minutes} min.)`;
    return { kind: 'skew', detail };
  }
  if (parsed.expiresSeconds !== undefined) {
    const endMs = signedMs + parsed.expiresSeconds * 1000;
    return nowMs < endMs ? undefined : { kind: 'expired', subject: 'url', detail: basicIso(endMs) };
  }
  if (signedMs >= nowMs - skewMs) return undefined;
  const detail = `Signature expired: ${parsed.date} is now earlier than ${basicIso(nowMs - skewMs)} (${basicIso(nowMs)} - ${minutes} min.)`;
  return { kind: 'skew', detail };
}

function payloadHashOf(parsed: SignedRequest, body: Uint8Array | undefined): string {
  switch (parsed.payload.kind) {
    case 'hash':
      return parsed.payload.sha256;
    case 'unsigned':
      return 'UNSIGNED-PAYLOAD';
    case 'stream':
      return parsed.payload.scheme;
    case 'body':
      return body === undefined ? emptySha256 : sha256Hex(body);
  }
}

async function* openPayload(
  parsed: SignedRequest,
  sign: Sign,
  wire: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (parsed.payload.kind === 'stream') {
    const isSigned = parsed.payload.scheme.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
    if (!isSigned && parsed.payload.scheme !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
      throw new PayloadMismatchError(`the payload scheme ${parsed.payload.scheme} is not supported`);
    }
    const hasTrailer = parsed.payload.scheme.endsWith('-TRAILER');
    yield* decodeAwsChunked(wire, {
      hasTrailer,
      ...(isSigned
        ? { signing: { sign, date: parsed.date, scope: parsed.scope, seed: parsed.signature } }
        : {}),
      isEqual,
      reject: (reason) => new PayloadMismatchError(reason),
    });
    return;
  }
  if (parsed.payload.kind !== 'hash') {
    yield* wire;
    return;
  }
  const hash = new NodeSha256();
  for await (const chunk of wire) {
    hash.update(chunk);
    yield chunk;
  }
  if (Buffer.from(await hash.digest()).toString('hex') !== parsed.payload.sha256) {
    throw new PayloadMismatchError('the body does not have the declared x-amz-content-sha256');
  }
}

/** Services whose paths are signed as they stand and whose skew is S3's. */
function isS3Service(service: string): boolean {
  return (
    service === 's3' || service === 's3express' || service === 's3-object-lambda' || service === 's3-outposts'
  );
}

/** Compares in a time that does not depend on where the texts differ; their lengths are no secret. */
function isEqual(expected: string, actual: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(actual);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The same for a signature, which every signed call has: nothing is made anew. */
function isSameDigest(expected: string, actual: string): boolean {
  if (actual.length !== DIGEST_LENGTH) return false;
  expectedDigest.write(expected);
  // What is not ASCII takes more bytes than there are, and so differs from a digest.
  return actualDigest.write(actual) === DIGEST_LENGTH && timingSafeEqual(expectedDigest, actualDigest);
}

/** A SHA-256 as hexadecimal digits. */
const DIGEST_LENGTH = 64;
const expectedDigest = Buffer.alloc(DIGEST_LENGTH);
const actualDigest = Buffer.alloc(DIGEST_LENGTH);
