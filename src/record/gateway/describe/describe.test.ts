import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftOf, type Given } from './given-call.ts';

test('readOnly is the verb of the name, with the exceptions', () => {
  const cases: [service: string, operation: string, readOnly: boolean][] = [
    ['kms', 'Decrypt', true],
    ['kms', 'GenerateDataKeyPairWithoutPlaintext', true],
    ['kms', 'CreateKey', false],
    ['sts', 'AssumeRole', true],
    ['sts', 'AssumeRoot', false],
    ['sts', 'GetSessionToken', false],
    ['lambda', 'Invoke', false],
    ['dynamodb', 'Query', true],
    ['dynamodb', 'ExecuteStatement', false],
    ['sqs', 'ReceiveMessage', false],
    ['iot', 'ListThings', true],
    ['acm-pca', 'IssueCertificate', false],
    ['geo-places', 'Geocode', true],
    ['cognito-identity', 'GetId', false],
    ['dynamodb', 'BatchGetItem', true],
    ['ecr', 'BatchCheckLayerAvailability', false],
    ['ssm', 'TerminateSession', false],
  ];
  for (const [service, operation, readOnly] of cases)
    assert.equal(draftOf({ service, operation }).readOnly, readOnly, `${service} ${operation}`);
});

test('sources and Regions follow the tables', () => {
  const cases: [given: Given, source: string, region: string][] = [
    [{ service: 'cloudwatch', operation: 'PutDashboard' }, 'monitoring', 'eu-west-1'],
    [{ service: 'application-autoscaling', operation: 'PutScalingPolicy' }, 'autoscaling', 'eu-west-1'],
    [{ service: 'rds-data', operation: 'ExecuteStatement' }, 'rdsdataapi', 'eu-west-1'],
    [{ service: 'rds-data', operation: 'ExecuteSql' }, 'rdsdata', 'eu-west-1'],
    [{ service: 'organizations', operation: 'ListRoots' }, 'organizations', 'us-east-1'],
    [{ service: 'cloudfront', operation: 'ListDistributions' }, 'cloudfront', 'us-east-1'],
    [{ service: 'sts', operation: 'GetCallerIdentity' }, 'sts', 'eu-west-1'],
    [{ signingName: 'invented', operation: 'MakeThing' }, 'invented', 'eu-west-1'],
    [{ service: 'iotsecuretunneling', operation: 'OpenTunnel' }, 'iotsecuredtunneling', 'eu-west-1'],
  ];
  for (const [given, source, region] of cases) {
    const draft = draftOf(given);
    assert.equal(draft.eventSource, `${source}.amazonaws.com`);
    assert.equal(draft.awsRegion, region, source);
  }
  const global = draftOf({
    service: 'sts',
    operation: 'GetCallerIdentity',
    head: { headers: ['host', 'sts.amazonaws.com'] },
    recognition: { region: 'us-west-2' },
  });
  assert.equal(global.awsRegion, 'us-east-1');
  assert.deepEqual(global.additionalEventData, {
    RequestDetails: { awsServingRegion: 'us-east-1', endpointType: 'global' },
  });
});

test('errors are spelled by family', () => {
  const fault = 'client' as const;
  const cases: [given: Given, errorCode: string][] = [
    [
      {
        service: 'ec2',
        operation: 'RunInstances',
        error: { code: 'UnauthorizedOperation', message: 'm', fault },
      },
      'Client.UnauthorizedOperation',
    ],
    [
      {
        service: 'ec2',
        operation: 'RunInstances',
        error: { code: 'InsufficientInstanceCapacity', message: 'm', fault: 'server' },
      },
      'Server.InsufficientInstanceCapacity',
    ],
    [
      {
        service: 'iam',
        operation: 'CreateUser',
        error: { code: 'EntityAlreadyExists', message: 'm', fault },
      },
      'EntityAlreadyExistsException',
    ],
    [
      { service: 'iam', operation: 'CreateUser', error: { code: 'AccessDenied', message: 'm', fault } },
      'AccessDenied',
    ],
    [
      {
        service: 'rds',
        operation: 'DeleteDBInstance',
        error: { code: 'DBInstanceNotFound', message: 'm', fault },
      },
      'DBInstanceNotFoundFault',
    ],
    [
      { service: 'kms', operation: 'Encrypt', error: { code: 'AccessDeniedException', message: 'm', fault } },
      'AccessDenied',
    ],
    [
      {
        service: 'cloudtrail',
        operation: 'DeleteTrail',
        error: { code: 'TrailNotFoundException', message: 'm', fault },
      },
      'TrailNotFoundException',
    ],
    [{ service: 'sqs', operation: 'CreateQueue', status: 503 }, 'ServiceUnavailable'],
    [{ service: 'sqs', operation: 'CreateQueue', outcome: 'upstreamUnreachable' }, 'ServiceUnavailable'],
    [{ service: 'sqs', operation: 'CreateQueue', outcome: 'clientAborted' }, 'ClientDisconnected'],
  ];
  for (const [given, errorCode] of cases) {
    const draft = draftOf({ ...given, output: { made: 'up' } });
    assert.equal(draft.errorCode, errorCode);
    assert.equal(draft.responseElements, null, 'a failure has no answer');
  }
});

test('parameters of a throttled call are left out, of a denied one by STS and Organizations alone', () => {
  const denied = { code: 'AccessDenied', message: 'm', fault: 'client' } as const;
  const throttled = { code: 'ThrottlingException', message: 'm', fault: 'client' } as const;
  const input = { RoleArn: 'arn:aws:iam::444455556666:role/Auditor', Name: 'n' };
  assert.equal(
    draftOf({ service: 'sts', operation: 'AssumeRole', input, error: denied }).requestParameters,
    null,
  );
  assert.equal(
    draftOf({ service: 'ssm', operation: 'GetParameter', input, error: throttled }).requestParameters,
    null,
  );
  assert.notEqual(
    draftOf({ service: 'ssm', operation: 'GetParameter', input, error: denied }).requestParameters,
    null,
  );
});

test('each data-event operation has the category, type and ARN of its resource', () => {
  const cases: [given: Given, type: string | undefined, arn: string | undefined][] = [
    [{ service: 'sqs', operation: 'ListQueues' }, 'AWS::SQS::Queue', 'arn:aws:sqs:eu-west-1:111122223333:*'],
    [
      {
        service: 'kinesis',
        operation: 'PutRecords',
        input: { StreamARN: 'arn:aws:kinesis:eu-west-1:444455556666:stream/s' },
      },
      'AWS::Kinesis::Stream',
      'arn:aws:kinesis:eu-west-1:444455556666:stream/s',
    ],
    [
      {
        service: 'sns',
        operation: 'Publish',
        input: { TargetArn: 'arn:aws:sns:eu-west-1:111122223333:endpoint/GCM/a/1' },
      },
      'AWS::SNS::PlatformEndpoint',
      'arn:aws:sns:eu-west-1:111122223333:endpoint/GCM/a/1',
    ],
    [{ service: 'sns', operation: 'Publish', input: { PhoneNumber: '+1' } }, undefined, undefined],
    [
      {
        service: 'rds-data',
        operation: 'ExecuteStatement',
        input: { resourceArn: 'arn:aws:rds:eu-west-1:111122223333:cluster:c', sql: 'x' },
      },
      'AWS::RDS::DBCluster',
      'arn:aws:rds:eu-west-1:111122223333:cluster:c',
    ],
    [
      {
        service: 'dynamodb',
        operation: 'BatchGetItem',
        input: { RequestItems: { T: { Keys: [{ k: { S: 'v' } }] } } },
      },
      'AWS::DynamoDB::Table',
      'arn:aws:dynamodb:eu-west-1:111122223333:table/T',
    ],
    [
      { service: 'ebs', operation: 'GetSnapshotBlock', input: { SnapshotId: 'snap-1' } },
      'AWS::EC2::Snapshot',
      'arn:aws:ec2:eu-west-1::snapshot/snap-1',
    ],
    [{ service: 'xray', operation: 'PutTraceSegments' }, 'AWS::XRay::Trace', undefined],
  ];
  for (const [given, type, arn] of cases) {
    const draft = draftOf(given);
    assert.equal(draft.eventCategory, 'Data');
    assert.equal(draft.managementEvent, false);
    assert.equal(draft.resources?.[0]?.type, type);
    assert.equal(draft.resources?.[0]?.ARN, arn);
  }
});
