import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe } from './describe.ts';
import { alice, context, decoded } from './given-call.ts';

test('a body that was too large to be captured is told by the marker with its size', () => {
  const call = decoded({ service: 'lambda', operation: 'CreateFunction' });
  const requestBody = { bytes: new Uint8Array(10), isTruncated: true, sizeBytes: 3_000_000 };
  const truncated = { ...call, isInputTruncated: true, call: { ...call.call, requestBody } };
  assert.deepEqual(describe(truncated, alice, context()).draft.requestParameters, {
    reason: 'requestParameters too large',
    omitted: true,
    originalSize: 3_000_000,
  });
});

test('a function is named by its ARN in parts, however the caller named it', () => {
  const names: [name: string, region: string, account: string, qualifier: object][] = [
    ['f', 'eu-west-1', '111122223333', {}],
    ['f:live', 'eu-west-1', '111122223333', { functionQualifier: 'live' }],
    ['arn:aws:lambda:us-east-2:444455556666:function:f', 'us-east-2', '444455556666', {}],
    [
      'arn:aws:lambda:us-east-2:444455556666:function:f:7',
      'us-east-2',
      '444455556666',
      { functionQualifier: '7' },
    ],
  ];
  for (const [FunctionName, region, account, functionQualifier] of names) {
    const call = decoded({ service: 'lambda', operation: 'UpdateFunctionCode', input: { FunctionName } });
    assert.deepEqual(describe(call, alice, context()).draft.requestParameters, {
      fullyQualifiedArn: {
        arnPrefix: { partition: 'aws', region, account },
        relativeId: { functionName: 'f' },
        functionQualifier,
      },
      functionName: FunctionName,
    });
  }
});
