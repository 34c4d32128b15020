import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { isGlobalSts } from './event-region.ts';
import { headerOf } from './wire-header.ts';

/** `x-amz-server-side-encryption` of the answer → `SSEApplied`. */
const SSE_APPLIED: Readonly<Record<string, string>> = {
  AES256: 'Default_SSE_S3',
  'aws:kms': 'SSE_KMS',
  'aws:kms:dsse': 'DSSE_KMS',
};

/** Extra facts of a call, by service; undefined where there are none. */
export function additionalEventDataOf(decoded: DecodedCall, awsRegion: string): JsonObject | undefined {
  const { service, signingName } = decoded.recognition;
  if (service === 's3' || service === 's3control') return s3Data(decoded);
  if (service === 'sts') {
    const endpointType = isGlobalSts(decoded) ? 'global' : 'regional';
    return { RequestDetails: { awsServingRegion: awsRegion, endpointType } };
  }
  if (signingName === 'application-autoscaling') return { service: 'application-autoscaling' };
  if (service === 'lambda' && decoded.operation?.startsWith('Invoke')) return lambdaData(decoded);
  return undefined;
}

function s3Data(decoded: DecodedCall): JsonObject {
  const { call, recognition } = decoded;
  const answer = call.response?.headers ?? [];
  const data: Record<string, Json> = {};
  const form = recognition.authentication;
  if (form !== 'none' && form !== 'bearer')
    data.SignatureVersion = form.startsWith('sigv2')
      ? 'SigV2'
      : form.startsWith('sigv4a')
        ? 'SigV4A'
        : 'SigV4';
  if (call.head.tls !== undefined) data.CipherSuite = call.head.tls.cipherSuite;
  // A batch of deletions shows 0 for both.
  const isBatch = decoded.operation === 'DeleteObjects';
  data.bytesTransferredIn = isBatch ? 0 : bytesIn(decoded);
  const encryption = sseApplied(decoded);
  if (encryption !== undefined) data.SSEApplied = encryption;
  if (form !== 'none' && form !== 'bearer')
    data.AuthenticationMethod = form.endsWith('query')
      ? 'QueryString'
      : form === 'postForm'
        ? 'PostForm'
        : 'AuthHeader';
  const secondId = headerOf(answer, 'x-amz-id-2');
  if (secondId !== undefined) data['x-amz-id-2'] = secondId;
  data.bytesTransferredOut = isBatch ? 0 : (call.response?.body.sizeBytes ?? 0);
  return data;
}

/** Content without the frames of a chunked signature. */
function bytesIn(decoded: DecodedCall): number {
  const declared = headerOf(decoded.call.head.headers, 'x-amz-decoded-content-length');
  if (declared !== undefined && /^\d{1,15}$/.test(declared)) return Number(declared);
  return decoded.call.requestBody.sizeBytes;
}

function sseApplied(decoded: DecodedCall): string | undefined {
  const answer = decoded.call.response?.headers ?? [];
  if (headerOf(answer, 'x-amz-server-side-encryption-customer-algorithm') !== undefined) return 'SSE_C';
  const applied = headerOf(answer, 'x-amz-server-side-encryption');
  if (applied === undefined) return undefined;
  const asked = headerOf(decoded.call.head.headers, 'x-amz-server-side-encryption');
  if (applied === 'AES256' && asked === 'AES256') return 'SSE_S3';
  return Object.hasOwn(SSE_APPLIED, applied) ? SSE_APPLIED[applied] : undefined;
}

function lambdaData(decoded: DecodedCall): JsonObject | undefined {
  const name = decoded.input?.FunctionName;
  const version = headerOf(decoded.call.response?.headers ?? [], 'x-amz-executed-version');
  if (typeof name !== 'string' || !name.startsWith('arn:') || version === undefined) return undefined;
  return { functionVersion: `${name.split(':').slice(0, 7).join(':')}:${version}` };
}
