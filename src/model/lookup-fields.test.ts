import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveLookupFields } from './lookup-fields.ts';

test('each kind of identity gives its Username', () => {
  const cases: [object, string | undefined][] = [
    [{ type: 'Root', accountId: '111122223333' }, 'root'],
    [{ type: 'IAMUser', userName: 'alice' }, 'alice'],
    [{ type: 'AssumedRole', principalId: 'AROAEXAMPLE:i-064d' }, 'i-064d'],
    [{ type: 'FederatedUser', principalId: '111122223333:bob' }, 'bob'],
    [{ type: 'SAMLUser', userName: 'carol' }, 'carol'],
    [{ type: 'WebIdentityUser', userName: 'dave' }, 'dave'],
    [{ type: 'IdentityCenterUser', onBehalfOf: { userId: 'u-1' } }, 'u-1'],
    [{ type: 'AWSService', invokedBy: 'ec2.amazonaws.com' }, undefined],
    [{ type: 'AWSAccount', principalId: 'AIDA' }, undefined],
    [{ type: 'Unknown' }, undefined],
    [{ accountId: '111122223333', invokedBy: 'x' }, undefined],
    [{ type: 'AssumedRole', principalId: 'no-colon' }, undefined],
  ];
  for (const [userIdentity, username] of cases)
    assert.equal(deriveLookupFields({ userIdentity }).username, username, JSON.stringify(userIdentity));
});

test('resources of the record come first, then well-known names, without repetition', () => {
  const { resources } = deriveLookupFields({
    eventSource: 'ec2.amazonaws.com',
    resources: [
      { accountId: '1', type: 'AWS::EC2::VPC', ARN: 'arn:vpc' },
      { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::b/p' },
      { ARN: 'arn:untyped' },
      { type: 'AWS::XRay::Trace' },
    ],
    requestParameters: {
      instancesSet: { items: [{ instanceId: 'i-1' }, { instanceId: 'i-1' }, { instanceId: 'i-2' }] },
      CreateFlowLogsRequest: { VpcId: { tag: 1, content: 'vpc-1' }, SubnetId: 'subnet-1' },
    },
    responseElements: { groupSet: { items: [{ groupId: 'sg-1', groupName: 'web' }] } },
  });
  assert.deepEqual(resources, [
    { type: 'AWS::EC2::VPC', name: 'arn:vpc' },
    { type: 'AWS::S3::Object', name: 'arn:aws:s3:::b/p' },
    { type: null, name: 'arn:untyped' },
    { type: 'AWS::EC2::Instance', name: 'i-1' },
    { type: 'AWS::EC2::Instance', name: 'i-2' },
    { type: 'AWS::EC2::VPC', name: 'vpc-1' },
    { type: 'AWS::EC2::Subnet', name: 'subnet-1' },
    { type: 'AWS::EC2::SecurityGroup', name: 'sg-1' },
    { type: 'AWS::EC2::SecurityGroup', name: 'web' },
  ]);
});

test('IAM and STS give ids and ARNs', () => {
  const { resources } = deriveLookupFields({
    eventSource: 'sts.amazonaws.com',
    requestParameters: { roleArn: 'arn:aws:iam::444455556666:role/Auditor' },
    responseElements: {
      credentials: { accessKeyId: 'ASIAEXAMPLESESSION03' },
      assumedRoleUser: {
        assumedRoleId: 'AROAEXAMPLEAUDITOR01:alice',
        arn: 'arn:aws:sts::444455556666:assumed-role/Auditor/alice',
      },
    },
  });
  assert.deepEqual(
    resources.map(({ type, name }) => [type, name]),
    [
      ['AWS::IAM::Role', 'arn:aws:iam::444455556666:role/Auditor'],
      ['AWS::IAM::AccessKey', 'ASIAEXAMPLESESSION03'],
      ['AWS::STS::AssumedRole', 'AROAEXAMPLEAUDITOR01:alice'],
      ['AWS::STS::AssumedRole', 'arn:aws:sts::444455556666:assumed-role/Auditor/alice'],
    ],
  );
});

test('imported records of any shape give no error and no absurd numbers of resources', () => {
  const many = Array.from({ length: 5000 }, (_, index) => ({ instanceId: `i-${index}` }));
  assert.equal(
    deriveLookupFields({ eventSource: 'ec2.amazonaws.com', requestParameters: { many } }).resources.length,
    500,
  );
  for (const odd of [null, 7, 'x', [], [[]], { resources: 5 }]) {
    const fields = deriveLookupFields({
      eventSource: odd,
      userIdentity: odd,
      resources: odd,
      requestParameters: odd,
      responseElements: odd,
    });
    assert.deepEqual(fields.resources, []);
  }
  let deep: unknown = { instanceId: 'i-1' };
  for (let level = 0; level < 20_000; level += 1) deep = { a: deep };
  assert.deepEqual(
    deriveLookupFields({ eventSource: 'ec2.amazonaws.com', requestParameters: deep }).resources,
    [],
  );
});
