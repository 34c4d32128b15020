import type { CapturedCall } from '../../../model/captured-call.ts';
import type { Json } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { viewRequest } from '../recognise/request-view.ts';
import { isFormUpload } from '../recognise/s3-route.ts';
import { serviceTables } from '../recognise/service-tables.ts';
import type { Recognition } from '../recognition.ts';
import { headerValue } from './body-bytes.ts';
import { decodeCborAnswer, decodeCborRequest } from './cbor-call.ts';
import type { DecodedAnswer, DecodedRequest, DecodingInput } from './decoding.ts';
import { decodeJsonAnswer, decodeJsonRequest } from './json.ts';
import { decodeQueryAnswer, decodeQueryRequest } from './query-call.ts';
import { decodeRestJsonAnswer, decodeRestJsonRequest } from './rest-json.ts';
import { decodeRestXmlAnswer, decodeRestXmlRequest } from './rest-xml.ts';
import { decodeS3Answer, decodeS3Request } from './s3.ts';

/**
 * Decodes the bodies of a call by its wire protocol. Never throws on what a client or an upstream sent: what
 * cannot be read is left undefined.
 *
 * The `recognition` of the result says more than the one given where only the body tells: the operation, and
 * with it the service, of the query and EC2 protocols.
 */
export function decode(call: CapturedCall, recognition: Recognition): DecodedCall {
  const view = viewRequest(call.head);
  const row =
    recognition.service === undefined || recognition.operation === undefined
      ? undefined
      : serviceTables.operation(recognition.service, recognition.operation);
  const input: DecodingInput = { call, view, recognition, row };
  const isS3 = recognition.service === 's3';
  const s3 = isS3 ? decodeS3Request(call, view, recognition) : undefined;
  const request = isS3 ? { input: undefined } : decodeRequest(input);
  const refined = request.recognition ?? recognition;
  const answer: DecodedAnswer = isS3 ? decodeS3Answer(call, recognition) : decodeAnswer(input);
  const service = refined.service === undefined ? undefined : serviceTables.service(refined.service);
  return {
    call,
    recognition: refined,
    operation: refined.operation,
    apiVersion: request.apiVersion ?? service?.apiVersion,
    input: request.input,
    isInputTruncated: isInputTruncated(input, s3),
    s3,
    output: answer.error === undefined ? answer.output : undefined,
    error: answer.error,
    requestId: requestId(call, answer.requestId),
  };
}

function decodeRequest(input: DecodingInput): DecodedRequest {
  switch (input.recognition.protocol) {
    case 'json':
      return decodeJsonRequest(input);
    case 'cbor':
      return decodeCborRequest(input);
    case 'query':
    case 'ec2':
      return decodeQueryRequest(input);
    case 'rest-json':
      return decodeRestJsonRequest(input);
    case 'rest-xml':
      return decodeRestXmlRequest(input);
    case 'unknown':
      return { input: undefined };
  }
}

function decodeAnswer(input: DecodingInput): DecodedAnswer {
  switch (input.recognition.protocol) {
    case 'json':
      return decodeJsonAnswer(input);
    case 'cbor':
      return decodeCborAnswer(input);
    case 'query':
    case 'ec2':
      return decodeQueryAnswer(input);
    case 'rest-json':
      return decodeRestJsonAnswer(input);
    case 'rest-xml':
      return decodeRestXmlAnswer(input);
    case 'unknown':
      return decodeJsonAnswer(input);
  }
}

/**
 * Bodies that were not asked for are no loss: object contents, and what follows the fields of a form upload.
 */
function isInputTruncated({ call, view, recognition }: DecodingInput, s3: DecodedCall['s3']): boolean {
  if (!call.requestBody.isTruncated || recognition.requestCaptureBytes === 0) return false;
  return !(s3?.key !== undefined && isFormUpload(view));
}

/** `4442587F-B7D0-4A2A-8FD8-7E1F2A3B4C5D`, `C3D13FE58DE4C810`. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

function requestId(call: CapturedCall, fromBody: Json | undefined): string | undefined {
  const headers = call.response?.headers ?? [];
  for (const name of ['x-amzn-requestid', 'x-amzn-request-id', 'x-amz-request-id', 'x-amz-requestid']) {
    const value = headerValue(headers, name);
    if (value !== undefined && REQUEST_ID.test(value)) return value;
  }
  return typeof fromBody === 'string' && REQUEST_ID.test(fromBody) ? fromBody : undefined;
}
