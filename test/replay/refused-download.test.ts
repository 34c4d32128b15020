import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startReplayGateway } from './replay-gateway.ts';
import { sdkOperation } from './sdk-services.ts';
import { sdkRequest } from './wire-request.ts';

test('a download that the upstream refuses is recorded with the code and the message of its answer', async () => {
  const gateway = await startReplayGateway('111122223333');
  try {
    const bytes = Buffer.from(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>' +
        '<Message>The specified key does not exist.</Message><Key>missing</Key></Error>',
    );
    const operation = await sdkOperation('s3', 'GetObject');
    assert.ok(operation);
    const request = await sdkRequest(operation, 'GetObject', {
      input: { Bucket: 'reports', Key: 'missing' },
      region: 'us-east-1',
    });
    const event = await gateway.send(request, {
      status: 404,
      headers: ['Content-Type', 'application/xml'],
      body: { bytes, isTruncated: false, sizeBytes: bytes.length },
    });
    assert.equal(event.eventName, 'GetObject');
    assert.equal(event.errorCode, 'NoSuchKey');
    assert.equal(event.errorMessage, 'The specified key does not exist.');
  } finally {
    await gateway.close();
  }
});
