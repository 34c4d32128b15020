import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recognition } from '../../record/gateway/recognition.ts';
import { systemRandom } from '../../server/system/system-random.ts';
import { createGatewayErrorAnswer } from './gateway-error-answer.ts';

const answer = createGatewayErrorAnswer(systemRandom);
const down = { kind: 'upstreamUnreachable', status: 502, message: 'the upstream does not answer' } as const;

test("the gateway's own errors have the form of the caller's protocol and the gateway's status", () => {
  const textOf = (protocol: Recognition['protocol'], service: string) => {
    const { status, body } = answer({ protocol, service } as Recognition, down);
    assert.equal(status, 502);
    return Buffer.from(body).toString();
  };
  assert.equal(
    textOf('json', 'dynamodb'),
    '{"__type":"ServiceUnavailable","message":"the upstream does not answer"}',
  );
  assert.match(
    textOf('rest-xml', 's3'),
    /<Error><Code>ServiceUnavailable<\/Code><Message>the upstream does not answer</,
  );
  assert.match(textOf('query', 'iam'), /<Type>Receiver<\/Type><Code>ServiceUnavailable</);
});

test('a refusal that a retry may mend says when', () => {
  const refused = { kind: 'recordingUnavailable', status: 503, message: 'm', retryAfterSeconds: 7 } as const;
  const { headers } = answer({ protocol: 'json', service: 'kms' } as Recognition, refused);
  assert.equal(headers[headers.indexOf('Retry-After') + 1], '7');
});
