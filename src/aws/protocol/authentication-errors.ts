import { ApiError } from '../../model/api-error.ts';
import type { ErrorTarget } from './error-response.ts';
import type { SignatureFailure } from './signature.ts';

const mismatchText =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
  'signing method. Consult the service documentation for details.';
const payloadText = "The provided 'x-amz-content-sha256' header does not match what was computed.";

/** The error that a service of the given protocol family answers when a signature is not accepted. */
export function authenticationError(target: ErrorTarget, failure: SignatureFailure): ApiError {
  switch (target.protocol) {
    case 'query':
      return queryError(failure);
    case 'ec2':
      return ec2Error(failure);
    case 'rest-xml':
      return target.service === 's3' ? s3Error(failure) : queryError(failure);
    case 'rest-json':
      return jsonError(failure, 403);
    default:
      return jsonError(failure, 400);
  }
}

function jsonError(failure: SignatureFailure, status: number): ApiError {
  const error = (code: string, message: string) => new ApiError(code, message, { isPlatform: true, status });
  switch (failure.kind) {
    case 'missing':
      return error('MissingAuthenticationTokenException', 'Missing Authentication Token');
    case 'malformed':
      return error('IncompleteSignatureException', failure.detail);
    case 'unknownKey':
      return error('UnrecognizedClientException', 'The security token included in the request is invalid.');
    case 'mismatch':
      return error('InvalidSignatureException', mismatchText);
    case 'payloadMismatch':
      return error('InvalidSignatureException', payloadText);
    case 'skew':
      return error('InvalidSignatureException', failure.detail);
    case 'expired':
      return failure.subject === 'url'
        ? error(
            'InvalidSignatureException',
            `Signature expired: the presigned URL was valid until ${failure.detail}`,
          )
        : error('ExpiredTokenException', 'The security token included in the request is expired');
  }
}

function queryError(failure: SignatureFailure): ApiError {
  const error = (code: string, message: string, status = 403) =>
    new ApiError(code, message, { isPlatform: true, status });
  switch (failure.kind) {
    case 'missing':
      return error('MissingAuthenticationToken', 'Request is missing Authentication Token');
    case 'malformed':
      return error('IncompleteSignature', failure.detail, 400);
    case 'unknownKey':
      return error('InvalidClientTokenId', 'The security token included in the request is invalid.');
    case 'mismatch':
      return error('SignatureDoesNotMatch', mismatchText);
    case 'payloadMismatch':
      return error('SignatureDoesNotMatch', payloadText);
    case 'skew':
      return error('RequestExpired', failure.detail, 400);
    case 'expired':
      return failure.subject === 'url'
        ? error('RequestExpired', 'Request has expired', 400)
        : error('ExpiredToken', 'The security token included in the request is expired');
  }
}

function ec2Error(failure: SignatureFailure): ApiError {
  if (failure.kind !== 'unknownKey') return queryError(failure);
  const message = 'AWS was not able to validate the provided access credentials';
  return new ApiError('AuthFailure', message, { isPlatform: true, status: 401 });
}

function s3Error(failure: SignatureFailure): ApiError {
  const error = (code: string, message: string, status = 403) =>
    new ApiError(code, message, { isPlatform: true, status });
  switch (failure.kind) {
    case 'missing':
      return error('AccessDenied', 'Access Denied');
    case 'malformed':
      return error(
        'AuthorizationHeaderMalformed',
        `The authorization header is malformed; ${failure.detail}`,
        400,
      );
    case 'unknownKey':
      return error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
    case 'mismatch':
      return error(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      );
    case 'payloadMismatch':
      return error('XAmzContentSHA256Mismatch', payloadText, 400);
    case 'skew':
      return error(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
      );
    case 'expired':
      return failure.subject === 'url'
        ? error('AccessDenied', 'Request has expired')
        : error('ExpiredToken', 'The provided token has expired.', 400);
  }
}
