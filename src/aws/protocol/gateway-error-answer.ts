import type { Random } from '../../base/random.ts';
import { ApiError } from '../../model/api-error.ts';
import type { GatewayError, GatewayErrorAnswer } from '../../record/gateway/forward/gateway-error.ts';
import type { Recognition } from '../../record/gateway/recognition.ts';
import { errorResponse } from './error-response.ts';

/**
 * The gateway's own errors in the form of the service that the caller thinks it talks to, so that its SDK
 * shows the message and retries what can be retried. The status stays the gateway's.
 */
export function createGatewayErrorAnswer(random: Random): GatewayErrorAnswer {
  return (recognition, error) => {
    const options = {
      isPlatform: true,
      status: error.status,
      ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    };
    const apiError = new ApiError(codeOf(recognition, error), error.message, options);
    const answer = errorResponse(recognition, apiError, { requestId: random.uuid() });
    return { status: answer.status, headers: answer.headers.flat(), body: answer.body };
  };
}

function codeOf(recognition: Recognition, error: GatewayError): string {
  const { protocol } = recognition;
  const isS3 = protocol === 'rest-xml';
  const isJson = protocol === 'json' || protocol === 'rest-json' || protocol === 'cbor';
  switch (error.kind) {
    case 'badRequest':
    case 'expectationFailed':
      return isS3 ? 'InvalidRequest' : isJson ? 'MalformedHttpRequestException' : 'MalformedHttpRequest';
    case 'methodNotAllowed':
      return 'MethodNotAllowed';
    case 'noUpstream':
      return isS3 ? 'NotImplemented' : isJson ? 'UnsupportedOperationException' : 'UnsupportedOperation';
    case 'upstreamUnreachable':
    case 'upstreamTimeout':
    case 'upstreamMalformed':
    case 'recordingUnavailable':
      return 'ServiceUnavailable';
  }
}
