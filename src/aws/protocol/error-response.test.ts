import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode } from 'cbor-x';
import { XMLParser } from 'fast-xml-parser';
import { ApiError } from '../../model/api-error.ts';
import type { WireProtocol } from '../../record/gateway/recognition.ts';
import { authenticationError } from './authentication-errors.ts';
import { errorResponse } from './error-response.ts';
import type { SignatureFailure } from './signature.ts';

const id = '7d2b1f0e-0000-4000-8000-000000000000';
const error = new ApiError('TrailNotFoundException', 'no <trail> & "more"\u0000');
const text = (body: Uint8Array) => Buffer.from(body).toString();

test('every answer carries its request id, status and, where it is known, when to try again', () => {
  for (const protocol of ['json', 'query', 'ec2', 'rest-json', 'rest-xml', 'cbor', 'unknown'] as const) {
    const busy = new ApiError('ServiceUnavailable', 'm', { isPlatform: true, retryAfterSeconds: 3 });
    const answer = errorResponse({ protocol, service: 's3' }, busy, { requestId: id });
    const headers = new Map(answer.headers);
    assert.deepEqual(
      [answer.status, headers.get('x-amzn-RequestId'), headers.get('Retry-After')],
      [503, id, '3'],
    );
  }
});

test('JSON spells the message of modelled errors Message and that of platform errors message, with 400', () => {
  const modelled = errorResponse({ protocol: 'json', service: 'cloudtrail' }, error, { requestId: id });
  assert.equal(modelled.status, 400);
  assert.deepEqual(JSON.parse(text(modelled.body)), { __type: error.code, Message: error.message });
  const platform = new ApiError('ThrottlingException', 'Rate exceeded', { isPlatform: true });
  const body = errorResponse({ protocol: 'json', service: 'cloudtrail' }, platform, { requestId: id }).body;
  assert.deepEqual(JSON.parse(text(body)), { __type: 'ThrottlingException', message: 'Rate exceeded' });
});

test('the statuses of the model are used only when asked for', () => {
  const statusOf = (how: 'observed' | 'modelled') =>
    errorResponse({ protocol: 'json', service: 'cloudtrail' }, error, { requestId: id, errorStatus: how })
      .status;
  assert.deepEqual([statusOf('observed'), statusOf('modelled')], [400, 404]);
});

test('the XML families hold code, message and request id where clients look, and nothing that is not XML', () => {
  const parser = new XMLParser();
  const bodyOf = (protocol: WireProtocol, service: string) => {
    return parser.parse(text(errorResponse({ protocol, service }, error, { requestId: id }).body)) as Record<
      string,
      never
    >;
  };
  const expected = { Code: error.code, Message: 'no <trail> & "more"' };
  assert.deepEqual(bodyOf('query', 'iam').ErrorResponse, {
    Error: { Type: 'Sender', ...expected },
    RequestId: id,
  });
  assert.deepEqual(bodyOf('rest-xml', 'route53').ErrorResponse, {
    Error: { Type: 'Sender', ...expected },
    RequestId: id,
  });
  assert.deepEqual(bodyOf('ec2', 'ec2').Response, { Errors: { Error: expected }, RequestID: id });
  assert.deepEqual(bodyOf('rest-xml', 's3').Error, { ...expected, RequestId: id });
});

test('CBOR and REST-JSON name the error where clients look', () => {
  for (const [service, version] of [
    ['dynamodb', '1.0'],
    ['kms', '1.1'],
    ['unheard-of', '1.1'],
  ] as const) {
    const { headers } = errorResponse({ protocol: 'json', service }, error, { requestId: id });
    const type = headers.find(([name]) => name === 'Content-Type')?.[1];
    assert.equal(type, `application/x-amz-json-${version}`, service);
  }
  const cbor = errorResponse({ protocol: 'cbor', service: 'cloudwatch' }, error, { requestId: id });
  assert.deepEqual({ ...decode(cbor.body) }, { __type: error.code, message: error.message });
  assert.equal(new Map(cbor.headers).get('smithy-protocol'), 'rpc-v2-cbor');
  const rest = errorResponse({ protocol: 'rest-json', service: 'lambda' }, error, { requestId: id });
  assert.equal(new Map(rest.headers).get('x-amzn-ErrorType'), error.code);
});

describe('A signature that is not accepted is answered in the words of', () => {
  const failures: SignatureFailure[] = [
    { kind: 'missing' },
    { kind: 'malformed', detail: 'd' },
    { kind: 'unknownKey' },
    { kind: 'mismatch' },
    { kind: 'payloadMismatch' },
    { kind: 'skew', detail: 'd' },
    { kind: 'expired', detail: 'd', subject: 'credential' },
    { kind: 'expired', detail: 'd', subject: 'url' },
  ];
  const answers = (protocol: WireProtocol, service: string) =>
    failures.map((failure) => {
      const found = authenticationError({ protocol, service }, failure);
      return `${found.code} ${found.status}`;
    });

  test('the JSON services', () => {
    const expected = [
      'MissingAuthenticationTokenException',
      'IncompleteSignatureException',
      'UnrecognizedClientException',
      'InvalidSignatureException',
      'InvalidSignatureException',
      'InvalidSignatureException',
      'ExpiredTokenException',
      'InvalidSignatureException',
    ];
    assert.deepEqual(
      answers('json', 'cloudtrail'),
      expected.map((code) => `${code} 400`),
    );
    assert.deepEqual(
      answers('cbor', 'cloudwatch'),
      expected.map((code) => `${code} 400`),
    );
    assert.deepEqual(
      answers('rest-json', 'cloudtrail-data'),
      expected.map((code) => `${code} 403`),
    );
  });

  test('the query services', () => {
    assert.deepEqual(answers('query', 'iam'), [
      'MissingAuthenticationToken 403',
      'IncompleteSignature 400',
      'InvalidClientTokenId 403',
      'SignatureDoesNotMatch 403',
      'SignatureDoesNotMatch 403',
      'RequestExpired 400',
      'ExpiredToken 403',
      'RequestExpired 400',
    ]);
    assert.equal(answers('ec2', 'ec2')[2], 'AuthFailure 401');
  });

  test('S3', () => {
    assert.deepEqual(answers('rest-xml', 's3'), [
      'AccessDenied 403',
      'AuthorizationHeaderMalformed 400',
      'InvalidAccessKeyId 403',
      'SignatureDoesNotMatch 403',
      'XAmzContentSHA256Mismatch 400',
      'RequestTimeTooSkewed 403',
      'ExpiredToken 400',
      'AccessDenied 403',
    ]);
  });
});
