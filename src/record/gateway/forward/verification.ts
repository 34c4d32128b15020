import type { CapturedCall, RequestHead } from '../../../model/captured-call.ts';
import type { EventDraft } from '../../../model/cloudtrail-event.ts';
import type { Verification } from '../../../model/recorded-event.ts';
import type { Recognition } from '../recognition.ts';

/**
 * What a signature is found to be: `wrong` where the secret of the key is known here and was not what signed, `unknown`
 * where nothing can be said.
 */
export type SignatureFinding = 'right' | 'wrong' | 'unknown';

/** Checks a signature with what is known here. `body` is given only when it was captured whole. */
export type VerifySignature = (head: RequestHead, body: Uint8Array | undefined) => Promise<SignatureFinding>;

/** Errors by which services say that they do not believe who is calling; some have status 400. */
const AUTHENTICATION_ERRORS =
  /^(?:Client\.)?(?:InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|MissingAuthToken|UnrecognizedClient|UnrecognizedClientException|InvalidSignatureException|MissingAuthenticationTokenException|ExpiredToken|ExpiredTokenException|TokenRefreshRequired|InvalidToken|RequestExpired|RequestTimeTooSkewed|AuthFailure|NotAuthorized|AuthorizationHeaderMalformed|InvalidSecurity|OptInRequired)$/;

/** What the signature of a finished call is found to be. */
export async function findSignature(
  call: CapturedCall,
  recognition: Recognition,
  verifySignature: VerifySignature,
): Promise<SignatureFinding> {
  if (recognition.accessKeyId === undefined) return 'unknown';
  const { head, requestBody } = call;
  const isWhole = !requestBody.isTruncated && requestBody.sizeBytes === requestBody.bytes.length;
  return verifySignature(head, isWhole ? requestBody.bytes : undefined);
}

/**
 * How far the principal of a finished call was verified. An upstream that answers whoever calls vouches for nobody whose
 * signature is known to be wrong.
 */
export function verificationOf(
  finding: SignatureFinding,
  facts: { readonly call: CapturedCall; readonly recognition: Recognition; readonly draft: EventDraft },
): Verification {
  if (facts.recognition.accessKeyId === undefined || finding === 'wrong') return 'none';
  if (finding === 'right') return 'signature';
  return isAccepted(facts.call, facts.draft) ? 'upstream' : 'none';
}

/** How far the caller is known before the call is forwarded; the body may be on its way still. */
export async function verificationBefore(
  call: CapturedCall,
  recognition: Recognition,
  verifySignature: VerifySignature,
): Promise<'signature' | 'none'> {
  return (await findSignature(call, recognition, verifySignature)) === 'right' ? 'signature' : 'none';
}

/** The upstream answered as one who believes the caller: neither an authentication error nor a failure of its own. */
function isAccepted(call: CapturedCall, draft: EventDraft): boolean {
  if (call.outcome === 'refused' || call.outcome === 'upstreamUnreachable') return false;
  const status = call.response?.status;
  if (status === undefined || status >= 500) return false;
  if (status === 401 || status === 403 || status === 429) return false;
  return draft.errorCode === undefined || !AUTHENTICATION_ERRORS.test(draft.errorCode);
}
