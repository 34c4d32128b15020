import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecognitionTable } from './recognition-table.ts';

const table = createRecognitionTable({ s3Domains: ['.Objects.example.org'], defaultRegion: 'ap-south-1' });

function recognise(host: string, target: string, extra: readonly string[] = [], method = 'GET') {
  return table.recognise({
    method,
    target,
    httpVersion: '1.1',
    headers: ['Host', host, ...extra],
    peerAddress: '127.0.0.1',
    startedAt: 0,
  });
}

test('an unsigned request is told by its host alone', () => {
  const rows: readonly (readonly [string, string])[] = [
    // Host → signing name, service, Region, bucket.
    ['monitoring.eu-west-1.amazonaws.com', 'monitoring cloudwatch eu-west-1 -'],
    ['iam.amazonaws.com', 'iam iam ap-south-1 -'],
    ['sts.amazonaws.com:443', 'sts sts ap-south-1 -'],
    ['kms-fips.us-gov-west-1.amazonaws.com', 'kms kms us-gov-west-1 -'],
    ['fips.kms.us-east-2.amazonaws.com', 'kms kms us-east-2 -'],
    ['ec2.eu-west-1.api.aws', 'ec2 ec2 eu-west-1 -'],
    ['lambda.cn-north-1.amazonaws.com.cn', 'lambda lambda cn-north-1 -'],
    ['kms.eusc-de-east-1.amazonaws.com', 'kms kms eusc-de-east-1 -'],
    ['111122223333.ddb.eu-west-1.amazonaws.com', 'dynamodb dynamodb eu-west-1 -'],
    ['streams.dynamodb.eu-west-1.amazonaws.com', 'dynamodb dynamodbstreams eu-west-1 -'],
    ['api.ecr.eu-west-1.amazonaws.com', 'ecr ecr eu-west-1 -'],
    ['eu-west-1.queue.amazonaws.com', 'sqs sqs eu-west-1 -'],
    ['a1b2-ats.iot.eu-west-1.amazonaws.com', 'iotdata iot-data eu-west-1 -'],
    ['runtime.sagemaker.eu-west-1.amazonaws.com', 'sagemaker sagemaker-runtime eu-west-1 -'],
    ['vpce-0a1b-2c3d.kms.eu-west-1.vpce.amazonaws.com', 'kms kms eu-west-1 -'],
    ['s3.amazonaws.com', 's3 s3 ap-south-1 -'],
    ['S3.EU-West-1.amazonaws.com', 's3 s3 eu-west-1 -'],
    ['b.s3.amazonaws.com', 's3 s3 ap-south-1 b'],
    ['a.b.s3.eu-west-1.amazonaws.com', 's3 s3 eu-west-1 a.b'],
    ['b.s3-eu-west-1.amazonaws.com', 's3 s3 eu-west-1 b'],
    ['b.s3.dualstack.eu-west-1.amazonaws.com', 's3 s3 eu-west-1 b'],
    ['b.s3-fips.dualstack.us-east-1.amazonaws.com', 's3 s3 us-east-1 b'],
    ['b.s3-accelerate.amazonaws.com', 's3 s3 ap-south-1 b'],
    ['b.s3-accelerate.dualstack.amazonaws.com', 's3 s3 ap-south-1 b'],
    ['ap-111122223333.s3-accesspoint.eu-west-1.amazonaws.com', 's3 s3 eu-west-1 ap-111122223333'],
    ['b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com', 's3 s3 us-east-1 b--use1-az4--x-s3'],
    ['b.bucket.vpce-0a1b-2c3d.s3.eu-west-1.vpce.amazonaws.com', 's3 s3 eu-west-1 b'],
    ['111122223333.s3-control.eu-west-1.amazonaws.com', 's3 s3control eu-west-1 -'],
    ['b.s3.localhost.localstack.cloud:4566', 's3 s3 ap-south-1 b'],
    ['sqs.eu-west-1.localhost.localstack.cloud:4566', 'sqs sqs eu-west-1 -'],
    ['iam.localhost', 'iam iam ap-south-1 -'],
    ['objects.example.org', 's3 s3 ap-south-1 -'],
    ['a.b.objects.example.org:8443', 's3 s3 ap-south-1 a.b'],
    ['evil.example.org', 'unknown undefined ap-south-1 -'],
    ['[::1]:4610', 'unknown undefined ap-south-1 -'],
    ['', 'unknown undefined ap-south-1 -'],
    ['..amazonaws.com', 'unknown undefined ap-south-1 -'],
  ];
  for (const [host, wanted] of rows) {
    const told = recognise(host, '/');
    assert.equal(
      `${told.signingName} ${told.service} ${told.region} ${told.s3?.bucket ?? '-'}`,
      wanted,
      host,
    );
    assert.equal(told.isRecorded, true);
  }
});

test('the endpoint of a VPC is told', () => {
  const { vpcEndpointId } = recognise('vpce-0a1b-2c3d.kms.eu-west-1.vpce.amazonaws.com', '/');
  assert.equal(vpcEndpointId, 'vpce-0a1b');
});

test('image pulls, calls of deployed APIs and function URLs are not recorded', () => {
  for (const [host, target] of [
    ['111122223333.dkr.ecr.eu-west-1.amazonaws.com', '/v2/app/manifests/latest'],
    ['a1b2.execute-api.eu-west-1.amazonaws.com', '/prod/orders'],
    ['a1b2.lambda-url.eu-west-1.on.aws', '/'],
  ] as const) {
    assert.equal(recognise(host, target).isRecorded, false, host);
  }
});

test('a caller cannot hide a call behind a host that is not recorded', () => {
  const scoped = (name: string) => [
    'Authorization',
    `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/${name}/aws4_request, Signature=0`,
  ];
  const hosts = [
    'a.execute-api.eu-west-1.amazonaws.com',
    'a.lambda-url.eu-west-1.on.aws',
    '1.dkr.ecr.us-east-1.amazonaws.com',
  ];
  for (const host of hosts) {
    const iam = recognise(host, '/?Action=DeleteUser&Version=2010-05-08', scoped('iam'));
    assert.equal(`${iam.isRecorded} ${iam.signingName} ${iam.operation}`, 'true iam DeleteUser');
    const kms = recognise(host, '/', [...scoped('kms'), 'X-Amz-Target', 'TrentService.CreateKey'], 'POST');
    assert.equal(`${kms.isRecorded} ${kms.operation}`, 'true CreateKey');
  }
  const lambda = recognise(hosts[1] ?? '', '/2015-03-31/functions/f', scoped('lambda'), 'DELETE');
  assert.equal(`${lambda.isRecorded} ${lambda.operation}`, 'true DeleteFunction');
});

test('a REST call cannot take another name by headers or parameters that its service ignores', () => {
  const scope = 'AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, Signature=0';
  const headers = [
    'Authorization',
    scope,
    'X-Amz-Target',
    'Foo.ListThings',
    'smithy-protocol',
    'rpc-v2-cbor',
  ];
  const told = recognise('127.0.0.1', '/b?Action=ListBuckets&x-id=HeadBucket', headers, 'DELETE');
  assert.equal(`${told.service} ${told.operation}`, 's3 DeleteBucket');
});

test('a bucket before a local suffix is told when the request was signed for S3', () => {
  const scope = 'AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, Signature=0';
  const told = recognise('photos.localhost:4610', '/a.jpg', ['Authorization', scope]);
  assert.deepEqual(told.s3, { bucket: 'photos', key: 'a.jpg' });
});
