import type { RawHeaders } from '../../../model/captured-call.ts';
import type { GatewayError, GatewayErrorAnswer, GatewayErrorKind } from './gateway-error.ts';
import { plainGatewayError } from './gateway-error.ts';

/** Error codes of our own answers, which the SDKs show beside the message and, for 5xx, retry. */
const CODE: Readonly<Record<GatewayErrorKind, string>> = {
  badRequest: 'BadRequest',
  methodNotAllowed: 'MethodNotAllowed',
  expectationFailed: 'ExpectationFailed',
  noUpstream: 'BadGateway',
  upstreamUnreachable: 'BadGateway',
  upstreamTimeout: 'GatewayTimeout',
  upstreamMalformed: 'BadGateway',
  recordingUnavailable: 'ServiceUnavailable',
};

/** Answers of our own in the shape of the caller's wire protocol, so that its SDK shows what went wrong. */
export const protocolGatewayError: GatewayErrorAnswer = (recognition, error) => {
  const code = CODE[error.kind];
  const message = `opentrail: ${error.message}`;
  switch (recognition.protocol) {
    case 'json':
      return answer(error, 'application/x-amz-json-1.1', JSON.stringify({ __type: code, message }));
    case 'rest-json': {
      const body = JSON.stringify({ message });
      return answer(error, 'application/json', body, ['x-amzn-ErrorType', code]);
    }
    case 'query':
      return answer(
        error,
        'text/xml',
        `<ErrorResponse><Error><Type>${error.status < 500 ? 'Sender' : 'Receiver'}</Type>${xml(code, message)}</Error></ErrorResponse>`,
      );
    case 'ec2':
      return answer(
        error,
        'text/xml',
        `<Response><Errors><Error>${xml(code, message)}</Error></Errors></Response>`,
      );
    case 'rest-xml': {
      const content = xml(code, message);
      const isS3 = recognition.signingName === 's3';
      const body = isS3
        ? `<Error>${content}</Error>`
        : `<ErrorResponse><Error>${content}</Error></ErrorResponse>`;
      return answer(error, 'application/xml', body);
    }
    case 'cbor': {
      const body = Buffer.concat([Buffer.of(0xa2), ...['__type', code, 'message', message].map(cborText)]);
      return answer(error, 'application/cbor', body, ['smithy-protocol', 'rpc-v2-cbor']);
    }
    default:
      return plainGatewayError(recognition, error);
  }
};

function answer(error: GatewayError, type: string, body: string | Buffer, more: RawHeaders = []) {
  const retryAfter = error.retryAfterSeconds;
  const headers = [
    'Content-Type',
    type,
    ...more,
    ...(retryAfter === undefined ? [] : ['Retry-After', String(retryAfter)]),
  ];
  return { status: error.status, headers, body: Buffer.from(body) };
}

function xml(code: string, message: string): string {
  return `<Code>${code}</Code><Message>${message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Message>`;
}

/** A text string of CBOR (RFC 8949, major type 3) with a length of two bytes. */
function cborText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.of(0x79, bytes.length >> 8, bytes.length & 0xff);
  return Buffer.concat([head, bytes]);
}
