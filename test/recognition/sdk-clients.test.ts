import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiGatewayV2Client, CreateApiCommand, UpdateRouteCommand } from '@aws-sdk/client-apigatewayv2';
import { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateTagsCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient, TagResourceCommand, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { DescribeOrganizationCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { GetPublicAccessBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SmithyRpcV2CborProtocol } from '@smithy/core/cbor';
import { CapturingServer, signed, summary } from './capturing-server.ts';

const server = new CapturingServer();
before(() => server.start());
after(() => server.stop());

test('json: DynamoDB, KMS, Logs, Secrets Manager, SSM, SQS, Kinesis, Organizations', async () => {
  const item = { id: { S: 'a' }, n: { N: '1' }, l: { L: [{ M: { __proto: { BOOL: true } } }] } };
  const write = { RequestItems: { t: [{ PutRequest: { Item: item } }] } };
  let call = await server.decoded(new DynamoDBClient(server.settings), new BatchWriteItemCommand(write));
  assert.equal(summary(call), `dynamodb dynamodb json BatchWriteItem ${signed}`);
  assert.deepEqual(call.input, write);
  assert.equal(call.apiVersion, '2012-08-10');
  assert.equal(call.requestId, undefined);

  const key = { Description: 'ключ', Tags: [{ TagKey: 'a', TagValue: 'b' }], MultiRegion: true };
  call = await server.decoded(new KMSClient(server.settings), new CreateKeyCommand(key));
  assert.equal(summary(call), `kms kms json CreateKey ${signed}`);
  assert.deepEqual(call.input, key);

  const group = { logGroupName: '/a/b', tags: { team: 'x' } };
  call = await server.decoded(new CloudWatchLogsClient(server.settings), new CreateLogGroupCommand(group));
  assert.equal(summary(call), `logs logs json CreateLogGroup ${signed}`);
  assert.deepEqual(call.input, group);

  const secret = { SecretId: 's', SecretString: 'geheim', ClientRequestToken: 'a'.repeat(32) };
  call = await server.decoded(new SecretsManagerClient(server.settings), new PutSecretValueCommand(secret));
  assert.equal(summary(call), `secretsmanager secretsmanager json PutSecretValue ${signed}`);
  assert.deepEqual(call.input, secret);

  const parameter = { Name: '/p', Value: 'v', Type: 'String' as const, Overwrite: true };
  call = await server.decoded(new SSMClient(server.settings), new PutParameterCommand(parameter));
  assert.equal(summary(call), `ssm ssm json PutParameter ${signed}`);
  assert.deepEqual(call.input, parameter);

  const message = { QueueUrl: `${server.endpoint}/1/q`, MessageBody: 'hi', DelaySeconds: 2 };
  call = await server.decoded(new SQSClient(server.settings), new SendMessageCommand(message));
  assert.equal(summary(call), `sqs sqs json SendMessage ${signed}`);
  assert.deepEqual(call.input, message);

  const record = { StreamName: 's', PartitionKey: 'p', Data: new Uint8Array([1, 2, 3]) };
  call = await server.decoded(new KinesisClient(server.settings), new PutRecordCommand(record));
  assert.equal(summary(call).replace(' cbor ', ' json '), `kinesis kinesis json PutRecord ${signed}`);
  assert.equal(call.input?.StreamName, 's');

  call = await server.decoded(new OrganizationsClient(server.settings), new DescribeOrganizationCommand({}));
  assert.equal(call.recognition.signingName, 'organizations');
  assert.equal(call.operation, 'DescribeOrganization');
  assert.deepEqual(call.input, {});
});

test('query: IAM, STS, SNS, RDS, Elastic Load Balancing v2', async () => {
  const user = {
    UserName: 'ann',
    Path: '/x/',
    Tags: [
      { Key: 'a', Value: 'b&c=d' },
      { Key: 'e', Value: '' },
    ],
  };
  let call = await server.decoded(new IAMClient(server.settings), new CreateUserCommand(user));
  assert.equal(call.operation, 'CreateUser');
  assert.equal(call.recognition.service, 'iam');
  assert.equal(call.apiVersion, '2010-05-08');
  assert.deepEqual(call.input, user);

  const role = { RoleArn: 'arn:aws:iam::1:role/r', RoleSessionName: 's', DurationSeconds: 900 };
  call = await server.decoded(new STSClient(server.settings), new AssumeRoleCommand(role));
  assert.equal(summary(call), `sts sts query AssumeRole ${signed}`);
  assert.deepEqual(call.input, { ...role, DurationSeconds: '900' });

  const topic = {
    Name: 't',
    Attributes: { DisplayName: 'd', KmsMasterKeyId: 'k' },
    Tags: [{ Key: 'a', Value: 'b' }],
  };
  call = await server.decoded(new SNSClient(server.settings), new CreateTopicCommand(topic));
  assert.equal(summary(call), `sns sns query CreateTopic ${signed}`);
  assert.deepEqual(call.input, topic);

  const database = {
    DBInstanceIdentifier: 'd',
    DBInstanceClass: 'db.t3.micro',
    Engine: 'postgres',
    MasterUserPassword: 'p',
    VpcSecurityGroupIds: ['sg-1', 'sg-2'],
    Tags: [{ Key: 'a', Value: 'b' }],
  };
  call = await server.decoded(new RDSClient(server.settings), new CreateDBInstanceCommand(database));
  assert.equal(summary(call), `rds rds query CreateDBInstance ${signed}`);
  assert.deepEqual(call.input, database);

  const group = { Name: 'g', Port: 80, Tags: [{ Key: 'a', Value: 'b' }] };
  call = await server.decoded(
    new ElasticLoadBalancingV2Client(server.settings),
    new CreateTargetGroupCommand(group),
  );
  assert.equal(summary(call), `elasticloadbalancing elbv2 query CreateTargetGroup ${signed}`);
  assert.deepEqual(call.input, { ...group, Port: '80' });
});

test('query without a signature: the action tells', async () => {
  const identity = { RoleArn: 'arn:aws:iam::1:role/r', RoleSessionName: 's', WebIdentityToken: 'a.b.c' };
  const call = await server.decoded(
    new STSClient(server.settings),
    new AssumeRoleWithWebIdentityCommand(identity),
  );
  assert.equal(call.recognition.authentication, 'none');
  assert.equal(`${call.recognition.signingName} ${call.operation}`, 'sts AssumeRoleWithWebIdentity');
  assert.deepEqual(call.input, identity);
});

test('ec2: lists without a level of their own', async () => {
  let call = await server.decoded(
    new EC2Client(server.settings),
    new DescribeInstancesCommand({
      InstanceIds: ['i-1', 'i-2'],
      Filters: [{ Name: 'tag:a', Values: ['x', 'y'] }],
      MaxResults: 5,
    }),
  );
  assert.equal(summary(call), `ec2 ec2 ec2 DescribeInstances ${signed}`);
  assert.deepEqual(call.input, {
    InstanceId: ['i-1', 'i-2'],
    Filter: [{ Name: 'tag:a', Value: ['x', 'y'] }],
    MaxResults: '5',
  });
  call = await server.decoded(
    new EC2Client(server.settings),
    new CreateTagsCommand({ Resources: ['i-1'], Tags: [{ Key: 'a', Value: 'b' }] }),
  );
  assert.deepEqual(call.input, { ResourceId: ['i-1'], Tag: [{ Key: 'a', Value: 'b' }] });
});

test('cbor and json: CloudWatch, compressed and not', async () => {
  // Over 10,240 bytes the client compresses; with CBOR it then announces a wrong length, so that is left to
  // json.
  const requests = [
    { protocol: 'cbor', options: { protocol: SmithyRpcV2CborProtocol }, count: 1 },
    { protocol: 'json', options: {}, count: 1 },
    { protocol: 'json', options: {}, count: 400 },
  ];
  const metric = {
    MetricName: 'm',
    Value: 1.5,
    Dimensions: [{ Name: 'a', Value: 'b' }],
    Timestamp: new Date(1.5e12),
  };
  for (const { protocol, options, count } of requests) {
    const input = { Namespace: 'N', MetricData: Array.from({ length: count }, () => metric) };
    const client = new CloudWatchClient({ ...server.settings, ...options });
    const call = await server.decoded(client, new PutMetricDataCommand(input));
    assert.equal(summary(call), `monitoring cloudwatch ${protocol} PutMetricData ${signed}`);
    const isCompressed = call.call.head.headers.includes('gzip');
    assert.equal(isCompressed, count > 100);
    const MetricData = input.MetricData.map((one) => ({ ...one, Timestamp: 1.5e9 }));
    assert.deepEqual(call.input, { Namespace: 'N', MetricData });
  }
});

test('rest-json: Lambda and API Gateway v2, members of path, query, headers and body', async () => {
  const client = new LambdaClient(server.settings);
  let call = await server.decoded(
    client,
    new UpdateAliasCommand({
      FunctionName: 'arn:aws:lambda:eu-west-1:1:function:f',
      Name: 'live',
      FunctionVersion: '3',
    }),
  );
  assert.equal(summary(call), `lambda lambda rest-json UpdateAlias ${signed}`);
  assert.deepEqual(call.input, {
    FunctionName: 'arn:aws:lambda:eu-west-1:1:function:f',
    Name: 'live',
    FunctionVersion: '3',
  });
  call = await server.decoded(
    client,
    new InvokeCommand({
      FunctionName: 'f',
      Qualifier: '$LATEST',
      InvocationType: 'Event',
      Payload: Buffer.from('{"secret":1}'),
    }),
  );
  assert.equal(call.operation, 'Invoke');
  assert.equal(call.recognition.requestCaptureBytes, 0);
  assert.deepEqual(call.input, { FunctionName: 'f', InvocationType: 'Event', Qualifier: '$LATEST' });
  const Resource = 'arn:aws:lambda:eu-west-1:1:function:a/b+c d';
  call = await server.decoded(client, new TagResourceCommand({ Resource, Tags: { a: 'b' } }));
  assert.deepEqual(call.input, { Resource, Tags: { a: 'b' } });

  const gateway = new ApiGatewayV2Client(server.settings);
  call = await server.decoded(gateway, new CreateApiCommand({ Name: 'n', ProtocolType: 'HTTP' }));
  assert.equal(summary(call), `apigateway apigatewayv2 rest-json CreateApi ${signed}`);
  assert.deepEqual(call.input, { name: 'n', protocolType: 'HTTP' });
  call = await server.decoded(
    gateway,
    new UpdateRouteCommand({ ApiId: 'x', RouteId: 'r', RouteKey: 'GET /' }),
  );
  assert.deepEqual(call.input, { ApiId: 'x', RouteId: 'r', routeKey: 'GET /' });
});

test('rest-xml: Route 53, CloudFront, S3 Control', async () => {
  const ResourceRecordSet = {
    Name: 'a.example.',
    Type: 'A' as const,
    TTL: 60,
    ResourceRecords: [{ Value: '1.2.3.4' }],
  };
  let call = await server.decoded(
    new Route53Client(server.settings),
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: '/hostedzone/Z1',
      ChangeBatch: { Comment: 'a < b & c', Changes: [{ Action: 'UPSERT', ResourceRecordSet }] },
    }),
  );
  assert.equal(`${call.recognition.service} ${call.operation}`, 'route53 ChangeResourceRecordSets');
  assert.deepEqual(call.input, {
    HostedZoneId: 'Z1',
    ChangeBatch: {
      Comment: 'a < b & c',
      Changes: {
        Change: {
          Action: 'UPSERT',
          ResourceRecordSet: {
            Name: 'a.example.',
            Type: 'A',
            TTL: '60',
            ResourceRecords: { ResourceRecord: { Value: '1.2.3.4' } },
          },
        },
      },
    },
  });

  const InvalidationBatch = { CallerReference: 'c', Paths: { Quantity: 2, Items: ['/a', '/b'] } };
  call = await server.decoded(
    new CloudFrontClient(server.settings),
    new CreateInvalidationCommand({ DistributionId: 'D', InvalidationBatch }),
  );
  assert.equal(`${call.recognition.service} ${call.operation}`, 'cloudfront CreateInvalidation');
  assert.deepEqual(call.input, {
    DistributionId: 'D',
    InvalidationBatch: { CallerReference: 'c', Paths: { Quantity: '2', Items: { Path: ['/a', '/b'] } } },
  });

  const control = new S3ControlClient({
    ...server.settings,
    endpoint: server.endpoint.replace('127.0.0.1', 'localhost'),
  });
  control.middlewareStack.add(
    (next) => (args) => {
      // The account is put before the host name, which has to stay a reachable one here.
      (args.request as { hostname: string }).hostname = '127.0.0.1';
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  call = await server.decoded(control, new GetPublicAccessBlockCommand({ AccountId: '111122223333' }));
  assert.equal(summary(call), `s3 s3control rest-xml GetPublicAccessBlock ${signed}`);
  assert.deepEqual(call.input, { AccountId: '111122223333' });
});
