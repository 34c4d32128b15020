import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftOf } from './given-call.ts';

test('an unknown operation is recorded as what can be known of it', () => {
  const draft = draftOf({
    signingName: 'invented',
    operation: 'MakeThing',
    input: {
      Name: 'n',
      Tags: { Team: 'core' },
      MaxResults: '10',
      StartTime: 1_772_442_845,
      ClientSecret: 'hidden',
      ApiKey: 'hidden',
      NextToken: 'kept',
      SecretId: 'kept',
      ImageBytes: 'aGlkZGVu',
    },
    answerHeaders: [],
  });
  assert.equal(draft.eventName, 'MakeThing');
  assert.deepEqual(draft.requestParameters, {
    name: 'n',
    tags: { Team: 'core' },
    maxResults: 10,
    startTime: 'Mar 2, 2026, 9:14:05 AM',
    clientSecret: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    apiKey: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    nextToken: 'kept',
    secretId: 'kept',
  });
  assert.equal(draft.requestID, 'minted');
  const nameless = draftOf({ head: { method: 'GET' } });
  assert.equal(nameless.eventName, 'UnknownGetRequest');
  assert.equal(nameless.eventSource, 'unknown.amazonaws.com');
  assert.equal(nameless.readOnly, true);
  assert.equal(nameless.requestParameters, null);
});

test('what must be hidden is hidden at any depth, in the text of its service', () => {
  const attribute = { StringValue: 'hidden' };
  const batch = draftOf({
    service: 'sqs',
    operation: 'SendMessageBatch',
    input: {
      QueueUrl: 'https://q/111122223333/jobs',
      Entries: [{ Id: '1', MessageBody: 'hidden', MessageAttributes: { a: attribute } }],
    },
  });
  assert.doesNotMatch(JSON.stringify(batch), /"hidden/);
  assert.match(
    JSON.stringify(batch.requestParameters),
    /"id":"1","messageBody":"HIDDEN_DUE_TO_SECURITY_REASONS"/,
  );
  const sql = draftOf({
    service: 'rds-data',
    operation: 'ExecuteStatement',
    input: {
      resourceArn: 'arn:x',
      sql: 'select hidden',
      database: 'hidden',
      parameters: [{ name: 'hidden' }],
    },
  });
  assert.deepEqual(sql.requestParameters, {
    resourceArn: 'arn:x',
    sql: '**********',
    database: '**********',
    parameters: '**********',
  });
  const statement = draftOf({
    service: 'dynamodb',
    operation: 'ExecuteStatement',
    input: { Statement: `SELECT * FROM "T" WHERE a = 'hid''den' AND b > 4`, Parameters: [{ S: 'hidden' }] },
  });
  assert.deepEqual(statement.requestParameters, {
    statement: 'SELECT * FROM "T" WHERE a = ***(Redacted) AND b > ***(Redacted)',
    parameters: 'HIDDEN_DUE_TO_SECURITY_REASONS',
  });
  const write = draftOf({
    service: 'dynamodb',
    operation: 'BatchWriteItem',
    input: {
      RequestItems: {
        T: [
          { PutRequest: { Item: { k: { S: 'hidden' } } } },
          { DeleteRequest: { Key: { k: { S: 'shown' } } } },
        ],
      },
    },
  });
  assert.deepEqual(write.requestParameters, {
    requestItems: { T: [{ putRequest: { item: ['k'] } }, { deleteRequest: { key: { k: 'shown' } } }] },
  });
});

test('EC2 hides what its model marks within lists, in requests and in answers', () => {
  const options = { TunnelOptions: [{ PreSharedKey: 'hidden' }] };
  const vpn = draftOf({
    service: 'ec2',
    operation: 'CreateVpnConnection',
    input: { CustomerGatewayId: 'cgw-1', Options: options },
    output: {
      vpnConnection: {
        customerGatewayConfiguration: '<pre_shared_key>hidden</pre_shared_key>',
        options: { tunnelOptionSet: { item: [{ preSharedKey: 'hidden' }] } },
      },
    },
  });
  assert.doesNotMatch(JSON.stringify(vpn), /hidden/);
  assert.match(JSON.stringify(vpn.requestParameters), /"preSharedKey":"<sensitiveDataRemoved>"/);
  const version = draftOf({
    service: 'ec2',
    operation: 'CreateLaunchTemplateVersion',
    input: { LaunchTemplateId: 'lt-1', LaunchTemplateData: { UserData: 'hidden' } },
    output: { launchTemplateVersion: { launchTemplateData: { userData: 'hidden' } } },
  });
  assert.doesNotMatch(JSON.stringify(version), /hidden/);
  const fleet = draftOf({
    service: 'ec2',
    operation: 'RequestSpotFleet',
    input: { SpotFleetRequestConfig: { LaunchSpecifications: [{ UserData: 'hidden', ImageId: 'ami-1' }] } },
  });
  assert.doesNotMatch(JSON.stringify(fleet), /hidden/);
});

test('secrets in lists, in maps and in user data are hidden though no model marks them', () => {
  const user = draftOf({
    service: 'elasticache',
    operation: 'CreateUser',
    input: { UserId: 'u', Passwords: ['hidden', 'hidden'] },
  });
  assert.doesNotMatch(JSON.stringify(user), /"hidden/);
  const application = draftOf({
    service: 'sns',
    operation: 'CreatePlatformApplication',
    input: { Name: 'n', Platform: 'GCM', Attributes: { PlatformCredential: 'hidden', Enabled: 'true' } },
  });
  assert.doesNotMatch(JSON.stringify(application), /"hidden/);
  const launch = draftOf({
    service: 'autoscaling',
    operation: 'CreateLaunchConfiguration',
    input: { LaunchConfigurationName: 'lc', UserData: 'hidden' },
  });
  assert.doesNotMatch(JSON.stringify(launch), /"hidden/);
});

test('environment variables of builds and the value of an API key are hidden, their names are kept', () => {
  const variable = { name: 'TOKEN', value: 'hidden', type: 'PLAINTEXT' };
  const project = draftOf({
    service: 'codebuild',
    operation: 'CreateProject',
    input: { name: 'p', environment: { environmentVariables: [variable] } },
    output: { project: { name: 'p', environment: { environmentVariables: [variable] } } },
  });
  assert.doesNotMatch(JSON.stringify(project), /"hidden/);
  assert.match(JSON.stringify(project.requestParameters), /"TOKEN"/);
  const app = draftOf({
    service: 'amplify',
    operation: 'CreateApp',
    input: { name: 'a', environmentVariables: { TOKEN: 'hidden' } },
    output: { app: { name: 'a', environmentVariables: { TOKEN: 'hidden' } } },
  });
  assert.doesNotMatch(JSON.stringify(app), /"hidden/);
  const key = draftOf({
    service: 'apigateway',
    operation: 'CreateApiKey',
    input: { name: 'k', value: 'hidden' },
    output: { id: 'i', value: 'hidden' },
  });
  assert.doesNotMatch(JSON.stringify(key), /"hidden/);
});
