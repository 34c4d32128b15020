import type { Json, JsonObject } from '../../src/model/cloudtrail-event.ts';

/** `[source, name, request, response, readOnly]`: calls of ordinary days in a cloud account, written for this bench. */
type Template = readonly [source: string, name: string, request: Json, response: Json, isReadOnly: boolean];

const ARN = 'arn:aws';
const POLICY =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"*"}]}';
const TEMPLATES: readonly Template[] = [
  [
    'sts',
    'AssumeRole',
    { roleArn: `${ARN}:iam::111122223333:role/deploy`, roleSessionName: 'ci', durationSeconds: 3600 },
    sessionOf('deploy'),
    true,
  ],
  ['sts', 'GetCallerIdentity', null, null, true],
  [
    'ec2',
    'DescribeInstances',
    { instancesSet: { items: [{ instanceId: 'i-0abc' }] }, filterSet: {} },
    null,
    true,
  ],
  [
    'ec2',
    'DescribeSecurityGroups',
    { securityGroupSet: {}, securityGroupIdSet: { items: [{ groupId: 'sg-0abc' }] }, filterSet: {} },
    null,
    true,
  ],
  [
    'ec2',
    'RunInstances',
    {
      instancesSet: { items: [{ imageId: 'ami-0abc', minCount: 1, maxCount: 1 }] },
      instanceType: 'm7g.large',
      monitoring: { enabled: false },
      disableApiTermination: false,
    },
    {
      requestId: 'a1',
      _return: true,
      instancesSet: {
        items: [
          {
            instanceId: 'i-0abc',
            imageId: 'ami-0abc',
            currentState: { code: 0, name: 'pending' },
            privateIpAddress: '10.0.12.7',
            vpcId: 'vpc-0abc',
            subnetId: 'subnet-0abc',
          },
        ],
      },
    },
    false,
  ],
  [
    'ec2',
    'CreateTags',
    {
      resourcesSet: { items: [{ resourceId: 'i-0abc' }] },
      tagSet: {
        items: [
          { key: 'team', value: 'core' },
          { key: 'stage', value: 'prod' },
        ],
      },
    },
    { requestId: 'a2', _return: true },
    false,
  ],
  ['iam', 'GetRole', { roleName: 'deploy' }, null, true],
  ['iam', 'ListAttachedRolePolicies', { roleName: 'deploy' }, null, true],
  [
    'iam',
    'CreateUser',
    { userName: 'bob', path: '/team/', tags: [{ key: 'team', value: 'core' }] },
    {
      user: {
        path: '/team/',
        userName: 'bob',
        userId: 'AIDAEXAMPLEBOB000001',
        arn: `${ARN}:iam::111122223333:user/team/bob`,
        createDate: 'Mar 2, 2026, 9:14:05 AM',
      },
    },
    false,
  ],
  ['iam', 'PutRolePolicy', { roleName: 'deploy', policyName: 'inline', policyDocument: POLICY }, null, false],
  [
    's3',
    'GetBucketPolicy',
    { bucketName: 'acme-media', Host: 'acme-media.s3.eu-west-1.amazonaws.com', policy: '' },
    null,
    true,
  ],
  [
    's3',
    'PutBucketTagging',
    {
      bucketName: 'acme-media',
      Host: 'acme-media.s3.eu-west-1.amazonaws.com',
      tagging: '',
      Tagging: {
        xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
        TagSet: { Tag: { Key: 'team', Value: 'core' } },
      },
    },
    null,
    false,
  ],
  ['s3', 'ListBuckets', { Host: 's3.eu-west-1.amazonaws.com' }, null, true],
  [
    'kms',
    'Decrypt',
    {
      encryptionContext: { 'aws:s3:arn': `${ARN}:s3:::acme-media/reports/2026/03/02/summary.parquet` },
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    },
    null,
    true,
  ],
  [
    'kms',
    'GenerateDataKey',
    {
      keyId: `${ARN}:kms:eu-west-1:111122223333:key/8f2b5d1e-1111-4222-8333-94445555aaaa`,
      keySpec: 'AES_256',
      encryptionContext: { table: 'orders' },
    },
    null,
    true,
  ],
  [
    'lambda',
    'UpdateFunctionConfiguration20150331v2',
    { functionName: 'ingest', timeout: 60, memorySize: 1024, environment: {} },
    {
      functionName: 'ingest',
      functionArn: `${ARN}:lambda:eu-west-1:111122223333:function:ingest`,
      runtime: 'nodejs22.x',
      role: `${ARN}:iam::111122223333:role/ingest`,
      handler: 'index.handler',
      codeSize: 48213,
      timeout: 60,
      memorySize: 1024,
      lastModified: '2026-03-02T09:14:05.000+0000',
      state: 'Active',
    },
    false,
  ],
  ['lambda', 'GetFunction20150331v2', { functionName: 'ingest' }, null, true],
  ['logs', 'DescribeLogGroups', { logGroupNamePrefix: '/aws/lambda/ingest', limit: 50 }, null, true],
  [
    'logs',
    'CreateLogStream',
    { logGroupName: '/aws/lambda/ingest', logStreamName: '2026/03/02/[$LATEST]4f1c' },
    null,
    false,
  ],
  ['dynamodb', 'DescribeTable', { tableName: 'orders' }, null, true],
  [
    'dynamodb',
    'UpdateTable',
    { tableName: 'orders', provisionedThroughput: { readCapacityUnits: 50, writeCapacityUnits: 25 } },
    {
      tableDescription: {
        tableName: 'orders',
        tableStatus: 'UPDATING',
        itemCount: 912233,
        tableSizeBytes: 40021993,
        tableArn: `${ARN}:dynamodb:eu-west-1:111122223333:table/orders`,
      },
    },
    false,
  ],
  ['secretsmanager', 'GetSecretValue', { secretId: 'prod/orders/db' }, null, true],
  [
    'ssm',
    'GetParametersByPath',
    { path: '/prod/orders/', recursive: true, withDecryption: true, maxResults: 10 },
    null,
    true,
  ],
  [
    'ecs',
    'UpdateService',
    { cluster: 'prod', service: 'orders', desiredCount: 4, forceNewDeployment: true },
    {
      service: {
        serviceName: 'orders',
        serviceArn: `${ARN}:ecs:eu-west-1:111122223333:service/prod/orders`,
        status: 'ACTIVE',
        desiredCount: 4,
        runningCount: 3,
        launchType: 'FARGATE',
      },
    },
    false,
  ],
  [
    'cloudtrail',
    'LookupEvents',
    { maxResults: 50, lookupAttributes: [{ attributeKey: 'EventName', attributeValue: 'CreateUser' }] },
    null,
    true,
  ],
];

function sessionOf(role: string): JsonObject {
  return {
    credentials: {
      accessKeyId: 'ASIAEXAMPLESESSION01',
      sessionToken: 'IQoJb3JpZ2luX2VjEFgaCWV1LXdlc3QtMSJHMEUCIQDhN4ExampleExampleExampleExample='.repeat(4),
      expiration: 'Mar 2, 2026, 11:02:30 AM',
    },
    assumedRoleUser: {
      assumedRoleId: 'AROAEXAMPLEROLE000001:ci',
      arn: `${ARN}:sts::111122223333:assumed-role/${role}/ci`,
    },
  };
}

/** The templates as whole records, as JSON text. */
export function builtInTemplates(): string[] {
  return TEMPLATES.map(([source, eventName, request, response, readOnly], index) =>
    JSON.stringify({
      eventVersion: '1.11',
      userIdentity: identityOf(index),
      eventTime: '2026-03-02T09:14:05Z',
      eventSource: `${source}.amazonaws.com`,
      eventName,
      awsRegion: source === 'iam' ? 'us-east-1' : 'eu-west-1',
      sourceIPAddress: '203.0.113.24',
      userAgent: 'aws-sdk-js/3.901.0 ua/2.1 os/linux lang/js md/nodejs#22.11.0 api/ec2#3.901.0 m/E,N,e',
      requestParameters: request,
      responseElements: response,
      requestID: `2f1f0d0a-2a7d-4e6a-9a77-${String(index).padStart(12, '0')}`,
      eventID: '0d8b2b6e-7c1e-4a69-8d7c-8c2a5c8fce01',
      readOnly,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: '111122223333',
      eventCategory: 'Management',
      tlsDetails: {
        tlsVersion: 'TLSv1.3',
        cipherSuite: 'TLS_AES_128_GCM_SHA256',
        clientProvidedHostHeader: `${source}.eu-west-1.amazonaws.com`,
      },
    }),
  );
}

function identityOf(index: number): JsonObject {
  if (index % 3 === 0) {
    return {
      type: 'IAMUser',
      principalId: 'AIDAEXAMPLEALICE0001',
      arn: `${ARN}:iam::111122223333:user/alice`,
      accountId: '111122223333',
      accessKeyId: 'AKIAEXAMPLEALICE0001',
      userName: 'alice',
    };
  }
  return {
    type: 'AssumedRole',
    principalId: 'AROAEXAMPLEROLE000001:web',
    arn: `${ARN}:sts::111122223333:assumed-role/deploy/web`,
    accountId: '111122223333',
    accessKeyId: 'ASIAEXAMPLESESSION01',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLEROLE000001',
        arn: `${ARN}:iam::111122223333:role/deploy`,
        accountId: '111122223333',
        userName: 'deploy',
      },
      attributes: { creationDate: '2026-03-02T08:00:11Z', mfaAuthenticated: 'false' },
    },
  };
}
