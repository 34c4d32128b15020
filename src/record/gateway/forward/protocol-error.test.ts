import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode } from 'cbor-x';
import { XMLParser } from 'fast-xml-parser';
import type { Recognition, WireProtocol } from '../recognition.ts';
import type { GatewayError } from './gateway-error.ts';
import { protocolGatewayError } from './protocol-error.ts';

const ERROR: GatewayError = {
  kind: 'recordingUnavailable',
  status: 503,
  message: 'not forwarded & <why>',
  retryAfterSeconds: 5,
};

function answerTo(protocol: WireProtocol, signingName = 'iam') {
  const recognition: Recognition = {
    signingName,
    service: undefined,
    region: 'us-east-1',
    protocol,
    authentication: 'none',
    accessKeyId: undefined,
    operation: undefined,
    isRecorded: true,
    requestCaptureBytes: 0,
    responseCaptureBytes: 0,
  };
  const { status, headers, body } = protocolGatewayError(recognition, ERROR);
  assert.equal(status, 503);
  assert.deepEqual(headers.slice(-2), ['Retry-After', '5']);
  return { headers, body: Buffer.from(body) };
}

const MESSAGE = 'opentrail: not forwarded & <why>';

describe('an answer of our own names code and message where the SDK of the protocol looks for them', () => {
  it('json', () => {
    const parsed = JSON.parse(answerTo('json').body.toString());
    assert.deepEqual(parsed, { __type: 'ServiceUnavailable', message: MESSAGE });
  });
  it('rest-json', () => {
    const { headers, body } = answerTo('rest-json');
    assert.deepEqual(headers.slice(2, 4), ['x-amzn-ErrorType', 'ServiceUnavailable']);
    assert.deepEqual(JSON.parse(body.toString()), { message: MESSAGE });
  });
  it('cbor', () => {
    assert.deepEqual(decode(answerTo('cbor').body), { __type: 'ServiceUnavailable', message: MESSAGE });
  });
  for (const [protocol, signingName, path] of [
    ['query', 'iam', ['ErrorResponse', 'Error']],
    ['ec2', 'ec2', ['Response', 'Errors', 'Error']],
    ['rest-xml', 's3', ['Error']],
    ['rest-xml', 'route53', ['ErrorResponse', 'Error']],
  ] as const) {
    it(`${protocol} of ${signingName}`, () => {
      let node = new XMLParser().parse(answerTo(protocol, signingName).body.toString());
      for (const name of path) node = node[name];
      assert.deepEqual([node.Code, node.Message], ['ServiceUnavailable', MESSAGE]);
    });
  }
});
