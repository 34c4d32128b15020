import type { CapturedCall, RequestHead } from '../../../model/captured-call.ts';
import type { EventDraft } from '../../../model/cloudtrail-event.ts';
import type { Verification } from '../../../model/recorded-event.ts';
import type { Recognition } from '../recognition.ts';

/**
 * Whether the signature was made with a secret that is known here. `body` is given only when it was captured whole.
 * An unknown key is not valid.
 */
export type VerifySignature = (head: RequestHead, body: Uint8Array | undefined) => Promise<boolean>;

/** Errors by which services say that they do not believe who is calling; some have status 400. */
const AUTHENTICATION_ERRORS =
  /^(?:Client\.)?(?:InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|MissingAuthToken|UnrecognizedClient|UnrecognizedClientException|InvalidSignatureException|MissingAuthenticationTokenException|ExpiredToken|ExpiredTokenException|TokenRefreshRequired|InvalidToken|RequestExpired|RequestTimeTooSkewed|AuthFailure|NotAuthorized|AuthorizationHeaderMalformed|InvalidSecurity|OptInRequired)$/;

/** How far the principal of a finished call was verified. */
export async function verificationOf(
  call: CapturedCall,
  recognition: Recognition,
  draft: EventDraft,
  verifySignature: VerifySignature,
): Promise<Verification> {
  if (recognition.accessKeyId === undefined) return 'none';
  if (await isSigned(call, verifySignature)) return 'signature';
  return isAccepted(call, draft) ? 'upstream' : 'none';
}

/** How far the caller is known before the call is forwarded; the body may be on its way still. */
export async function verificationBefore(
  call: CapturedCall,
  recognition: Recognition,
  verifySignature: VerifySignature,
): Promise<'signature' | 'none'> {
  if (recognition.accessKeyId === undefined) return 'none';
  return (await isSigned(call, verifySignature)) ? 'signature' : 'none';
}

function isSigned({ head, requestBody }: CapturedCall, verify: VerifySignature): Promise<boolean> {
  const isWhole = !requestBody.isTruncated && requestBody.sizeBytes === requestBody.bytes.length;
  return verify(head, isWhole ? requestBody.bytes : undefined);
}

/** The upstream answered as one who believes the caller: neither an authentication error nor a failure of its own. */
function isAccepted(call: CapturedCall, draft: EventDraft): boolean {
  if (call.outcome === 'refused' || call.outcome === 'upstreamUnreachable') return false;
  const status = call.response?.status;
  if (status === undefined || status >= 500) return false;
  if (status === 401 || status === 403 || status === 429) return false;
  return draft.errorCode === undefined || !AUTHENTICATION_ERRORS.test(draft.errorCode);
}
